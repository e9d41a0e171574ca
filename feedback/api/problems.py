"""The problems of employers' calls, beyond those of every call."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from feedback.feed import feed
from feedback.models import EmployerKey, Offer, RecordCard, Scope
from feedback.rules import receiving
from members.ground.states import Conflict
from members.web.problems import Problem


class ScopeMissing(Problem):
    status_code = 403
    kind = ("scope-missing", "The key lacks a scope")

    def __init__(self, scope: Scope):
        super().__init__(f"这把密钥没有“{scope.label}”（{scope}）的权限，请联系发放的街道。", scope=scope)


class AddressRefused(Problem):
    """The key is good, but may not be used from where the call comes from."""

    status_code = 403
    kind = ("address-refused", "The key may not be used from this address")

    def __init__(self, key: EmployerKey, address: str):
        detail = f"这把密钥限定了来源地址，这个请求来自 {address or '不明的地址'}，不在其中。请联系发放的街道。"
        super().__init__(detail, address=address)
        self.key = key


class UnknownParameter(Problem):
    """The call has a parameter in its address that it does not know; `known` are those that it knows."""

    status_code = 400
    kind = ("unknown-parameter", "The call does not know this parameter")

    def __init__(self, name: str, known: Sequence[str]):
        nearest = get_close_matches(name.lower(), known, n=1)
        meant = f"是不是“{nearest[0]}”？" if nearest else ""
        may = f"这里可以用：{'、'.join(known)}。" if known else "这里不带参数。"
        super().__init__(f"没有“{name[:50]}”这个参数。{meant}{may}", parameter=name[:50], known=list(known))


class BadCursorProblem(Problem):
    status_code = 400
    kind = ("bad-cursor", "The cursor cannot be used")
    default_detail = "这个游标读不出来，或者不是用在这里的。请用上一次结果里的 next，或者从头开始。"


class CursorResetProblem(Problem):
    status_code = 410
    kind = ("cursor-reset", "Start again from the beginning")
    default_detail = "卡片流已经重新编号，请清空本地数据，不带 after 从头取起。"


class WithdrawnProblem(Problem):
    status_code = 410
    kind = ("withdrawn", "The card was withdrawn")
    default_detail = "这张卡已经撤回，请删去您那里的内容。"


class EmptiedProblem(Problem):
    status_code = 410
    kind = ("emptied", "The text is past its retention")
    default_detail = "这张卡的内容已过保存期限，这里不再保存。卡号、校验码、回执和反馈都还在。"


class WrongDigestProblem(Problem):
    status_code = 409
    kind = ("wrong-digest", "The digest does not fit")


class WrongState(Problem):
    status_code = 409
    kind = ("wrong-state", "Not possible in this state")


class AnswerClosed(Problem):
    status_code = 409
    kind = ("answer-closed", "Too late to amend")


class ReceiptClosed(Problem):
    status_code = 409
    kind = ("receipt-closed", "Too late to take the receipt back")


class KeyReplaced(Problem):
    status_code = 409
    kind = ("key-replaced", "The key that came in its place is in use")


class NoWebhook(Problem):
    status_code = 409
    kind = ("no-webhook", "There is no webhook to send to")


class KeyMissing(Problem):
    status_code = 400
    kind = ("idempotency-key-missing", "Idempotency-Key is required")
    default_detail = "请带上 Idempotency-Key 请求头：1 至 255 个可见的 ASCII 字符，每件事各用一个。"


class KeyReusedProblem(Problem):
    status_code = 422
    kind = ("idempotency-key-reused", "The Idempotency-Key was used for another request")
    default_detail = "这个 Idempotency-Key 已经用在另一个请求上，请换一个。"


@contextmanager
def as_problems(row: RecordCard | Offer) -> Iterator[None]:
    """Turn rule errors about this card or offer into problems. Use it inside the transaction, which then rolls back."""
    try:
        yield
    except receiving.Withdrawn as error:
        raise WithdrawnProblem from error
    except receiving.WrongDigest as error:
        raise WrongDigestProblem(str(error)) from error
    except receiving.Closed as error:
        raise AnswerClosed(str(error)) from error
    except receiving.TooLate as error:
        raise ReceiptClosed(str(error)) from error
    except Conflict as error:
        row.refresh_from_db(fields=["status"])
        what = "资源" if isinstance(row, Offer) else "卡"
        detail = f"这{'项' if what == '资源' else '张'}{what}现在是“{row.get_status_display()}”，不能再做这一步。"
        name = "offer_status" if isinstance(row, Offer) else "card_status"
        raise WrongState(detail, **{name: row.status}) from error


@contextmanager
def cursor_errors_as_problems() -> Iterator[None]:
    """Turn errors of the feed about its cursor into problems."""
    try:
        yield
    except feed.BadCursor as error:
        raise BadCursorProblem from error
    except feed.CursorReset as error:
        raise CursorResetProblem from error
