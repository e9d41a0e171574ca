"""The practice office: it deals with slips that come by a test key, by the building of the address, as documented.

It does so by the rules of a real office, so that receipts, feed and notices are those of a real street.
"""

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from feedback.models import Slip
from feedback.rules import slips_accepting, slips_asking, slips_closing
from feedback.rules.practising import BUILDINGS
from feedback.rules.receiving import By
from feedback.rules.slips_reading import read_text
from members.ground.access import PRACTICE, PostKind
from members.ground.days import Unreadable
from members.models import User

MADE_UP = "1990000"
REAL_PHONE = f"测试密钥只收编造的人：电话请用 {MADE_UP} 开头的 11 位号码，不要发真人的资料。"
ACCEPTS, ASKS, DECLINES, WAITS, ENDS = BUILDINGS
DECLINED, QUESTION = "测试：不住在这里。", "测试：请核对住址。"


def is_made_up(phone: str) -> bool:
    """Return whether a phone is of the range that test keys take, or no phone at all, which other rules refuse."""
    try:
        read = read_text("phone", phone)
    except Unreadable:
        return True
    return not read or read.startswith(MADE_UP)


def require_made_up(phone: str) -> None:
    """Raise ValidationError for a phone that may be a person's."""
    if not is_made_up(phone):
        raise ValidationError({"phone": REAL_PHONE})


def deal_with(slips: Sequence[Slip]) -> None:
    """Accept, ask about, decline or end these new slips, by their buildings; the others wait."""
    _accept([slip for slip in slips if _is_in(slip, ACCEPTS, ENDS)])
    for slip in slips:
        if _is_in(slip, ENDS):
            slips_closing.end(slip, code=Slip.End.MOVED_AWAY, by=By())
        if _is_in(slip, ASKS):
            slips_asking.ask(slip, code=Slip.Question.HOME, text=QUESTION, by=_office())
    _decline([slip for slip in slips if _is_in(slip, DECLINES)])


def deal_with_answer(slip: Slip) -> None:
    """Go on with a slip that was answered: it is accepted where it was asked about, too."""
    if slip.status == Slip.Status.SENT:
        _accept([slip] if _is_in(slip, ACCEPTS, ASKS) else [])
        _decline([slip] if _is_in(slip, DECLINES) else [])


def _accept(slips: Sequence[Slip]) -> None:
    """Accept these slips; one of a person who is known already is theirs."""
    left = slips_accepting.accept_all([slip.pk for slip in slips], by=_office()).left
    for slip in slips:
        if slip.pk in left:
            known = next((each.member for each in slips_accepting.candidates(slip) if each.is_same), None)
            slips_accepting.accept(slip, member=known, by=_office())


def _decline(slips: Sequence[Slip]) -> None:
    if slips:
        slips_closing.decline_all([slip.pk for slip in slips], text=DECLINED, by=_office())


def _is_in(slip: Slip, *buildings: str) -> bool:
    return slip.home is not None and slip.home.name in buildings


def _office() -> User:
    """Return the one who acts: no user on record, with the post of the practice street's office."""
    office = User(name="测试街道")
    office._posts = [(PostKind.STREET, PRACTICE)]  # type: ignore[attr-defined]
    return office
