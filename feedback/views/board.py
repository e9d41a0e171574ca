"""The work list of cards by status, and its steps for many cards at once."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, Subquery
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from feedback.forms.cards import AgreedForm, label_of
from feedback.models import Answer, Feed, IssueRun, RecordCard
from feedback.rules import agreeing
from feedback.rules.agreeing import MovedOn, is_locked, link_ends
from feedback.views.listed import NOTHING_CHOSEN, Listing, chosen, in_parts, is_replaced, read_listing, require_cards
from members.web.shell import page

PER_PAGE = 50
Status = RecordCard.Status
WARNED = (Status.DRAFT, Status.SHOWN, Status.OBJECTED, Status.RETURNED)
KINDS = {"activity": "活动", "visit": "走访", "need": "帮办需求", "duty": "岗位"}
# The next step, by status; the first status with cards comes first.
NEXT = {
    Status.OBJECTED: "有 {} 张本人有异议：点开看看哪里不对，改好再请本人确认。",
    Status.DRAFT: "有 {} 张草稿：可以先点开加一句话，再请本人确认。",
    Status.AGREED: "有 {} 张本人已同意：可以发给单位了。",
    Status.SHOWN: "有 {} 张等本人确认：点“扫码请本人确认”贴一张码，或打印确认单请本人签字，或把链接发给本人。",
}
ALL_LEAVING = "本人已同意的都在等着发出，到时间自己发出。"
ALL_OUT = "这里的卡都已经发出，等单位签收和反馈。"
TOO_EARLY = "这个时段还没有结束：请本人确认以后，新办的活动不会再写进去。不急的话，结束以后再请本人确认。"


@dataclass(slots=True)
class BoardRow:
    """A card on the list: its content in brief, and a note that depends on its status."""

    card: RecordCard
    content: str
    note: str

    @property
    def is_warning(self) -> bool:
        return self.card.status in WARNED and not getattr(self.card, "is_replaced", False)


@require_GET
def board(request):
    """Show the cards of a period by status, and the next step."""
    require_cards(request.user)
    listing = read_listing(request.user, request.GET)
    cards = RecordCard.objects.for_user(request.user)
    counts = listing.counts(cards)
    first = next((status for status in (*NEXT, *Status) if counts[status]), Status.DRAFT)
    listing.status = listing.status or first
    step = Status(listing.status) if listing.status in NEXT and counts[listing.status] else first
    return page(
        request,
        "feedback/board.html",
        title="记录卡",
        listing=listing,
        label=label_of(listing.period),
        tabs=[(status.value, status.label, counts[status]) for status in Status],
        total=counts.total(),
        step=step,
        next_step=_next_step(step, listing, counts, cards),
        shown=_page(request, listing, cards, counts[listing.status]),
        runs=list(
            IssueRun.objects.for_user(request.user).under_way().order_by("pk").select_related("area").defer("cards")
        ),
        today=timezone.localdate(),
    )


@require_POST
def show(request):
    """Show the chosen drafts to their members."""
    listing, pks = _choice(request)
    if pks:
        moved = in_parts(agreeing.show_all, pks)
        _report(request, moved, f"已请本人确认 {moved.done} 张。")
    return redirect(listing.address(Status.SHOWN if pks else ""))


@require_POST
def agree(request):
    """Record that the members of the chosen cards signed."""
    listing, pks = _choice(request)
    form = AgreedForm(request.POST)
    if pks and not form.is_valid():
        messages.error(request, "没有登记。" + "".join(form.errors["given_on"]))
        return redirect(listing.address())
    if pks:
        signed = {"how": RecordCard.How.PAPER, "by": request.user, "given_on": form.cleaned_data["given_on"]}
        moved = in_parts(lambda part: agreeing.agree_all(part, **signed), pks)
        _report(request, moved, f"已登记书面同意 {moved.done} 张。")
    return redirect(listing.address(Status.AGREED if pks else ""))


@require_POST
def correct(request):
    """Make the chosen cards drafts again; their members' links open nothing any more."""
    listing, pks = _choice(request)
    if pks:
        moved = in_parts(agreeing.correct_all, pks)
        _report(request, moved, f"已退回草稿 {moved.done} 张，原来的链接和确认单不能再用。")
    return redirect(listing.address(Status.DRAFT if pks else ""))


def summary(card: RecordCard) -> str:
    """Return the card's lines in brief: how many of each kind."""
    kinds = Counter(line["kind"] for line in card.kept_lines)
    return "　".join(f"{label} {kinds[kind]}" for kind, label in KINDS.items() if kinds[kind])


def _choice(request) -> tuple[Listing, list[int]]:
    """Return the list and the chosen cards (ids), with a message where none is chosen."""
    require_cards(request.user)
    listing = read_listing(request.user, request.POST)
    pks = chosen(request.user, request.POST, listing)
    if not pks:
        messages.error(request, NOTHING_CHOSEN)
    return listing, pks


def _report(request, moved: MovedOn, sentence: str) -> None:
    """Add a message: the sentence, if any card changed, and the reasons of the other cards."""
    (messages.success if moved.done else messages.warning)(request, (sentence if moved.done else "") + str(moved))


def _next_step(step: Status, listing: Listing, counts: Counter[str], cards) -> str:
    if not counts.total():
        return ""
    if step == Status.AGREED:
        free = listing.narrowed(cards).filter(status=step, leaving=None).count()
        return NEXT[step].format(free) if free else ALL_LEAVING
    early = TOO_EARLY if step == Status.DRAFT and listing.is_running else ""
    return NEXT[step].format(counts[step]) + early if step in NEXT else ALL_OUT


def _page(request, listing: Listing, cards, count: int) -> Page:
    """Return the requested page of rows; `count` is known from the tabs, which saves a query."""
    found = (
        listing.narrowed(cards)
        .filter(status=listing.status)
        .select_related("member", "employer", "area", "leaving")
        .defer("leaving__cards")
    )
    if listing.status == Status.ANSWERED:
        answers = Answer.objects.filter(card=OuterRef("pk")).order_by("-version")
        found = found.annotate(answer=Subquery(answers.values("text")[:1]))
    if listing.status == Status.ISSUED:
        feeds = Feed.objects.filter(employer=OuterRef("employer"), street=OuterRef("street"))
        found = found.annotate(fetched_at=Subquery(feeds.values("fetched_at")))
    if listing.status == Status.RETURNED:
        found = found.annotate(is_replaced=is_replaced())
    paginator = Paginator(found.order_by("area__path", "member__pinyin", "pk").defer("body"), PER_PAGE)
    paginator.count = count
    rows_page = paginator.get_page(request.GET.get("p"))
    rows: Any = [BoardRow(card, summary(card), _note(card)) for card in rows_page.object_list]
    rows_page.object_list = rows
    return rows_page


def _note(card: Any) -> str:
    if card.said:
        return card.said
    if card.status == Status.DRAFT and card.is_empty:
        return "空白卡，先写一句话"
    if card.status == Status.SHOWN:
        return link_note(card)
    if card.leaving:
        return f"{timezone.localtime(card.leaving.leaves_at):%H:%M} 发出" if card.leaving.leaves_at else "正在发出"
    if card.status == Status.RETURNED:
        reason = f"{card.get_return_code_display()}：{card.return_text}".rstrip("：")
        return "已重新生成" if card.is_replaced else reason
    if card.status == Status.ANSWERED:
        return card.answer
    if card.status == Status.ISSUED:
        return f"{card.number}　{_fetched(card)}"
    return card.get_withdrawal_display() or card.number or ""


def link_note(card: RecordCard) -> str:
    """Return why the member cannot use the link, "" where they can."""
    if not card.member.phone_sealed:
        return "没有登记电话，请用确认单"
    if is_locked(card):
        return "链接试错太多次，已锁住"
    return "链接已过期" if link_ends(card) <= timezone.now() else ""


def _fetched(card: Any) -> str:
    """Return whether the unit fetched since the card was issued; one that never does may want paper."""
    return "单位取过，还没签收" if card.fetched_at and card.fetched_at >= card.issued_at else "单位还没来取"
