"""The inbox of a unit without a system: its cards as a list, one by one, and as a file."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.core import signing
from django.core.paginator import Paginator
from django.db.models import Case, Count, Prefetch, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from feedback.documents import printed_card
from feedback.feed.pulls import record_pull
from feedback.forms.inbox import TABS, WAITING, AnswerForm, NarrowForm, Status
from feedback.ground.periods import CardPeriod
from feedback.models import Answer, Contact, EmployerKey, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.models.counterparts import among
from feedback.rules import receiving
from feedback.views.contacts import chosen, contacts_of
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import workbook
from members.rules.finding import named
from members.web.files import download
from members.web.shell import page

PAGE = 50
SEEN = "feedback.inbox.seen"  # the salt of the signature
TURN = Case(*(When(status=status, then=Value(turn)) for turn, status in enumerate(TABS)), default=Value(len(TABS)))
ORDER = (TURN, "-last_day", "-pk")
COLUMNS = (
    "卡号", "时段", "姓名", "单位内编号", "社区", "活动次数", "走访次数", "办好需求", "参加的活动", "岗位",
    "社区的一句话", "状态", "发出日期", "签收日期", "我们的反馈", "感谢", "退回原因",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InboxCard:
    """A card and its printable content; None where it was withdrawn."""

    card: RecordCard
    content: dict[str, Any] | None

    @property
    def state(self) -> str:
        return TABS[Status(self.card.status)]

    @property
    def is_waiting(self) -> bool:
        return self.card.status in WAITING

    @property
    def key(self) -> str:
        """The value of the tick box: the card's id, and the digest of the text that was read."""
        return key_of(self.card.pk, self.card.digest)


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """List the unit's cards, those that wait for it first."""
    contacts = contacts_of(request)
    contact = chosen(request, contacts)
    cards: Any = receiving.issued_to(contact.counterpart)
    form = form_of(request, cards)
    query = form.query()
    rows = narrowed(cards, query | {"show": ""})
    counts = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    found = narrowed(rows, {"show": query["show"]}).order_by(*ORDER)
    cards_page = Paginator(found, PAGE).get_page(request.GET.get("p"))
    listed = [InboxCard(each, _content(each)) for each in cards_page.object_list]
    cards_page.object_list = listed  # type: ignore[assignment]
    if listed:
        record_pull(contact, rows=len(listed), filters=[name for name, value in query.items() if value])
    on_page = sum(each.is_waiting for each in listed)
    pending = sum(counts.get(status, 0) for status in WAITING if query["show"] in ("", status))
    seen = _keys_of_waiting(found) if pending > on_page else []
    return page(
        request, "feedback/inbox.html", title="收件箱", contact=contact, contacts=contacts, form=form, query=query,
        streets=len({each.street_id for each in contacts}),
        tabs=[(status, label, counts.get(status, 0)) for status, label in TABS.items()], total=sum(counts.values()),
        shown=cards_page, has_keys=EmployerKey.objects.filter(among([contact.counterpart])).exists(),
        waiting=counts.get(Status.ISSUED, 0), unanswered=counts.get(Status.RECEIVED, 0),
        on_page=on_page, pending=len(seen), seen=signing.dumps(seen, salt=SEEN, compress=True) if seen else "",
    )  # fmt: skip


def key_of(pk: int, digest: str) -> str:
    return f"{pk}.{digest}"


def _keys_of_waiting(found: RecordCardQuerySet) -> list[str]:
    """Return the keys of all cards of the list that wait, so that a step on all of them concerns these and no later."""
    waiting = found.filter(status__in=WAITING).order_by("pk")
    return [key_of(*each) for each in waiting.values_list("pk", "digest")]


@require_GET
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a card and the next step."""
    return card_page(request, pk)


def card_page(request: HttpRequest, pk: int, form: AnswerForm | None = None) -> HttpResponse:
    """Return the page of a card, with `form` where it was posted and invalid, so that nothing typed is lost."""
    contact, found = opened(request, pk)
    answers = list(Answer.objects.filter(card=found).select_related("user", "key").order_by("-version"))
    last = answers[0] if answers else None
    is_open = timezone.localdate() <= found.amendable_until
    initial = {"text": last.text, "thanks": last.thanks} if last else None
    return page(
        request,
        "feedback/inbox_card.html",
        title=f"记录卡 {found.number}",
        status=410 if found.status == Status.WITHDRAWN else 200,
        content=_content(found),
        state=TABS[Status(found.status)],
        card=found,
        contact=contact,
        answers=answers,
        form=form or AnswerForm(initial=initial),
        may_answer=found.status == Status.RECEIVED or (found.status == Status.ANSWERED and is_open),
        following=following(found),
        may_return=found.status in WAITING,
        may_take_back=receiving.may_take_back(found),
        has_receipt=found.received_at or found.receipts.exists(),
    )


@require_GET
def exported(request: HttpRequest) -> HttpResponse:
    """Download the cards of the list as a workbook."""
    contact = chosen(request, contacts_of(request))
    cards: Any = receiving.issued_to(contact.counterpart)
    query = form_of(request, cards).query()
    answers = Prefetch("answers", Answer.objects.order_by("-version"), to_attr="all_answers")
    rows = list(narrowed(cards, query).order_by(*ORDER).prefetch_related(answers))
    content = workbook("记录卡", COLUMNS, map(_cells, rows), formats={0: "@", 3: "@"})
    filters = sorted(name for name, value in query.items() if value)
    with atomic_write():
        record("export", RecordCard, path=contact.street.path, changes={"rows": len(rows), "filters": filters})
    return download(content, f"记录卡-{timezone.localdate()}.xlsx")


def mine(request: HttpRequest, pk: int) -> tuple[Contact, RecordCard]:
    """Return the card and the user's contact for it; 404 where it is not one of the user's cards."""
    contacts = {contact.counterpart: contact for contact in contacts_of(request)}
    cards = receiving.issued_to(*contacts)
    found = get_object_or_404(cards.select_related("area", "employer"), pk=pk)
    return contacts[found.counterpart], found


def following(card: RecordCard) -> int | None:
    """Return the id of the unit's next card that waits for a receipt or answer, in the order of the list."""
    waiting = receiving.issued_to(card.counterpart).filter(status__in=WAITING)
    order = list(waiting.order_by(*ORDER).values_list("pk", flat=True))
    behind = order[order.index(card.pk) + 1 :] if card.pk in order else order
    return next((pk for pk in (*behind, *order) if pk != card.pk), None)


def opened(request: HttpRequest, pk: int) -> tuple[Contact, RecordCard]:
    """Return the same as `mine`, and record the pull."""
    contact, found = mine(request, pk)
    record_pull(contact, rows=1, row=found)
    return contact, found


def form_of(request: HttpRequest, cards: Any) -> NarrowForm:
    days = cards.order_by("-last_day", "-first_day").values_list("first_day", "last_day").distinct()
    return NarrowForm(request.GET, periods=[CardPeriod(*each) for each in days])


def narrowed(cards: Any, query: dict[str, str]) -> RecordCardQuerySet:
    """Filter the cards by the query; words find no withdrawn card."""
    if query.get("show"):
        cards = cards.filter(status=query["show"])
    if query.get("period"):
        cards = cards.of_period(CardPeriod.read(query["period"]))
    if words := query.get("q", ""):
        cards = cards.with_employer().filter(named(words, "member__") | Q(number=words))
    return cards


def _content(card: RecordCard) -> dict[str, Any] | None:
    """Return the printable content of the card; None where it was withdrawn or emptied."""
    return printed_card(card) if card.body else None


def _cells(card: Any) -> list[Any]:
    """Return the row of the file; that of a withdrawn card has no content."""
    answer = card.all_answers[0] if card.is_with_employer and card.all_answers else None
    returned = card.get_return_code_display() + (f"：{card.return_text}" if card.return_text else "")
    return [
        card.number, card.period.label, *(_body_cells(orjson.loads(card.body)) if card.body else [""] * 9),
        TABS[Status(card.status)], _day(card.issued_at), _day(card.received_at), answer.text if answer else "",
        "是" if answer and answer.thanks else "", returned,
    ]  # fmt: skip


def _body_cells(body: dict[str, Any]) -> list[Any]:
    """Return the cells of a card's body, in the order of the columns."""
    member, lines = body["member"], "；".join(f"{line['day']} {line['title']}" for line in body["lines"])
    counts = [body["counts"][name] for name in ("activities", "visits", "needs")]
    texts = (lines, "、".join(body["duties"]), body["sentence"])
    return [member["name"], member["employer_number"] or "", body["from"]["community"], *counts, *texts]


def _day(moment: Any) -> str:
    return timezone.localdate(moment).isoformat() if moment else ""
