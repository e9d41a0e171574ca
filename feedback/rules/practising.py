"""The practice street: the made-up cards and slips that test keys open (docs/design/slips.md, "A test key").

It stands beside the real streets, outside everybody's reach (`access.PRACTICE`), and is made with the first test key.
Its rows go through the same rules as real ones. What an employer has there goes with its last test key.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import (
    Answer,
    EmployerKey,
    Feed,
    FeedEvent,
    Offer,
    Receipt,
    RecordCard,
    Replay,
    Sender,
    Slip,
    SlipReceipt,
)
from feedback.rules import agreeing, issuing, receiving, withdrawing
from feedback.rules.receiving import By
from feedback.rules.slips_sending import SlipRow, send_slips
from members.ground import audit
from members.ground.access import PRACTICE
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry, Consent, Employer, Member, Residence

BUILDINGS = ("91号楼", "92号楼", "93号楼", "94号楼", "95号楼")
CONTACT = "测试，没有电话"
SENTENCE = "这是一张测试卡，人和事都是编造的。"
REASON = "测试密钥"
TITLES = ("测试活动：楼道大扫除", "测试活动：便民服务日")
TEXT = "测试反馈：已在支部会上宣读。"
NAMES = "甲乙丙丁戊己"  # cards' members: issued, issued, received, answered, returned and issued anew, withdrawn
OWN = SlipRow(
    name="测试党员庚",
    phone="19900000007",
    home="测试小区94号楼101室",
    agreed_how=Consent.Means.LINK,
    tells_employer=True,
)


def practice_street() -> Area:
    """Return the practice street, locked until the transaction ends; with the first call it is made."""
    rows = Area.objects.filter(path=PRACTICE).select_for_update(no_key=True)
    if found := rows.first():
        return found
    Area.objects.lock_street(None)  # of two first calls the second finds what the first made
    with audit.acting(request_id=audit.circumstances().request_id, reason=REASON):
        return rows.first() or _made()


def prepare(employer: Employer, street: Area) -> None:
    """Make the employer's cards and slips in the locked practice street, unless a live test key opens them already.

    The caller has locked the employer too, and gives the key.
    """
    if EmployerKey.objects.live().tests().filter(employer=employer).exists():
        return
    with audit.acting(request_id=audit.circumstances().request_id, reason=REASON):
        _clear([employer.pk])
        _make_cards(employer, street)
        send_slips(
            [OWN._replace(agreed_on=timezone.localdate())],
            street=street, origin=Slip.Origin.MEMBER, employer=employer, by=By(),
        )  # fmt: skip


def unused() -> QuerySet[Feed]:
    """Return the practice feeds of employers that have no live test key any more."""
    used = EmployerKey.objects.live().tests().values("employer")
    return Feed.objects.filter(street__path=PRACTICE).exclude(employer__in=used)


def clear_unused() -> int:
    """Delete what employers without a live test key have in the practice street; return how many employers."""
    with atomic_write():
        list(Area.objects.filter(path=PRACTICE).select_for_update(no_key=True))
        employers = list(unused().values_list("employer", flat=True))
        _clear(employers)
    return len(employers)


def _made() -> Area:
    street = Area(name="测试街道").stand_at(PRACTICE, None)
    street.full_clean()
    street.save()
    community = Area(name="测试社区").place(under=street)
    station = Area(name="测试小区").place(under=community)
    for name in BUILDINGS:
        Area(name=name).place(under=station)
    for area in (street, community):
        Sender.objects.keep(area, contact=CONTACT)
    return street


def _make_cards(employer: Employer, street: Area) -> None:
    """Issue a card for each of the made-up members, and take the last ones to the states that a system has to meet."""
    period = CardPeriod.on(timezone.localdate(), months=6).previous
    community = Area.objects.children_of(street).get()
    members = [_member(employer, street, number, name) for number, name in enumerate(NAMES, start=1)]
    _, _, received, answered, returned, withdrawn = _issued([_card(member, community, period) for member in members])
    receiving.receive_all({card.pk: card.digest for card in (received, answered)})
    receiving.answer(answered, text=TEXT, thanks=True, by=By())
    receiving.give_back(returned, digest=returned.digest, code=RecordCard.Return.WRONG_PERIOD, text="")
    _issued([_card(returned.member, community, period, supersedes=returned)])
    withdrawing.withdraw(withdrawn, RecordCard.Withdrawal.MISTAKE)


def _member(employer: Employer, street: Area, number: int, name: str) -> Member:
    member = Member(street=street, name=f"测试党员{name}", employer=employer, employer_number=f"T-{number:04}")
    member.affiliation = Member.Affiliation.IN_POST
    member.save()
    return member


def _card(member: Member, community: Area, period: CardPeriod, **more: Any) -> RecordCard:
    card = RecordCard(
        member=member, employer=member.employer, area=community, sentence=SENTENCE, lines=_lines(period),
        first_day=period.first, last_day=period.last, **more,
    )  # fmt: skip
    card.save()
    return card


def _lines(period: CardPeriod) -> list[dict[str, str]]:
    days = (period.first + timedelta(days=30 * number) for number in (1, 3))
    plain = {"kind": "activity", "tier": "楼组", "field": "居住环境", "duty": ""}
    return [
        {"key": f"a{number}", "day": day.isoformat(), "title": title, **plain}
        for number, (day, title) in enumerate(zip(days, TITLES, strict=True), start=1)
    ]


def _issued(cards: list[RecordCard]) -> list[RecordCard]:
    pks = [card.pk for card in cards]
    agreeing.show_all(pks)
    agreeing.agree_all(pks, how=RecordCard.How.LINK)
    issuing.issue_all(pks)
    rows = RecordCard.objects.select_related("member__employer", "employer", "area", "street")
    return list(rows.filter(pk__in=pks).order_by("pk"))


def _clear(employers: Collection[int]) -> None:
    """Delete the rows of these employers (ids) in the practice street, with an entry in its trail.

    Their feeds go too: old cursors get `cursor-reset`. A made-up member whom another employer reported stays.
    """
    feeds = Feed.objects.filter(street__path=PRACTICE, employer__in=employers)
    if not feeds.exists():
        return
    AuditEntry.objects.lock_heads(PRACTICE)
    cards = RecordCard.objects.filter(street__path=PRACTICE, employer__in=employers)
    slips = Slip.objects.filter(street__path=PRACTICE, employer__in=employers)
    audit.record("purge", Slip, path=PRACTICE, changes={"cards": cards.count(), "slips": slips.count()})
    FeedEvent.objects.filter(feed__in=feeds).delete()
    for model, rows in ((Receipt, cards), (Answer, cards), (SlipReceipt, slips)):
        model._default_manager.filter(**{"slip__in" if rows is slips else "card__in": rows}).delete()
    cards.update(supersedes=None)
    cards.delete()
    slips.delete()
    Offer.objects.filter(area__path__gte=PRACTICE, employer__in=employers).delete()
    Replay.objects.filter(street__path=PRACTICE, employer__in=employers).delete()
    Consent.objects.filter(member__street__path=PRACTICE, employer__in=employers).delete()
    feeds.delete()
    _clear_members()


def _clear_members() -> None:
    """Delete the made-up members whom no card and no slip names, and their history."""
    named = Q(pk__in=RecordCard.objects.values("member")) | Q(pk__in=Slip.objects.exclude(member=None).values("member"))
    members = Member.objects.filter(street__path=PRACTICE).exclude(named)
    pks = list(members.values_list("pk", flat=True))
    Member.objects.filter(pk__in=pks).delete()
    Member.history.filter(id__in=pks).delete()  # last: the deletion itself is history
    Residence.history.filter(member_id__in=pks).delete()
