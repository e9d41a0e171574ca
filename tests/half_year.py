"""The rows of half a year's record cards in two streets, for the access matrices and the tests of side doors."""

from typing import Any

from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import (
    CardCode,
    Contact,
    Delivery,
    EmployerKey,
    IssueRun,
    RecordCard,
    Scope,
    Slip,
    SlipCode,
    Webhook,
)
from feedback.rules import agreeing, receiving, withdrawing
from members.ground.atomic import atomic_write
from members.models import Area, Employer, User
from tests import cards, factories, slips

NAMES = {
    "draft": "郁草稿", "empty": "郁空白", "shown": "郁待认", "agreed": "郁同意", "objected": "郁异议",
    "issued": "郁发出", "received": "郁签收", "answered": "郁反馈", "returned": "郁退回", "withdrawn": "郁撤回",
}  # fmt: skip


REPORT = {"name": "安报到", "phone": "19900007777", "home": slips.HERE, "employer_name": "嘉定区图书馆"}


def sent(*, by: User) -> dict[str, Any]:
    """Create the rows; return their ids, the `token` of a member's link and what is `scanned` or `reporting`, by name.

    Cards without a prefix belong to 1号楼, one in each status; "other_" to the other community, "far_" to the other
    street. All belong to one employer, except "foreign".
    """
    areas = {area.name: area for area in Area.objects.all()}
    street, far_street = areas["新成路街道"], areas["菊园新区"]
    unit, foreign_unit = factories.employer(), factories.employer("嘉定自来水厂")
    rows: dict[str, Any] = {word: _card(word, areas["1号楼"]) for word in NAMES}
    rows |= {
        "other_shown": cards.shown(cards.in_post("外社区人", areas["2号楼"])),
        "other_issued": cards.issued(cards.in_post("外社区发", areas["2号楼"])),
        "far_issued": cards.issued(cards.in_post("外街道发", areas["9号楼"])),
        "foreign": cards.issued(cards.in_post("别单位人", areas["1号楼"], at=foreign_unit)),
        "community": areas["第一社区"],
        "other_community": areas["第二社区"],
        "group": areas["1号楼"],
        "offer": cards.offer(unit, areas["第一社区"], title="本社区会议室"),
        "street_offer": cards.offer(unit, street, title="全街道讲座"),
        "other_offer": cards.offer(unit, areas["第二社区"], title="外社区会议室"),
        "far_offer": cards.offer(unit, far_street, title="外街道会议室"),
        "foreign_offer": cards.offer(foreign_unit, areas["第一社区"], title="别单位的水"),
        "run": IssueRun.objects.create(area=areas["第一社区"], user=by, cards=[], status="done"),
        "other_run": IssueRun.objects.create(area=areas["第二社区"], user=by, cards=[], status="done"),
    }
    rows |= {
        f"{side}code": _code(areas[name]) for side, name in (("", "1号楼"), ("other_", "2号楼"), ("far_", "9号楼"))
    }
    rows |= _slip_codes(areas)
    rows |= _slips(factories.employer("报到的厂"), street, far_street)
    waiting = slips.from_unit(street, "郁单位报", unit=unit, phone=slips.phone(4))
    received = slips.from_unit(street, "郁单位收", unit=unit, phone=slips.phone(5))
    rows |= {"unit_slip": waiting, "unit_accepted": slips.accepted(received, by)}
    rows |= _units(unit, street) | {f"far_{word}": row for word, row in _units(unit, far_street, "far").items()}
    rows |= _tried(unit, street)
    words = {"token": agreeing.link_token(rows["shown"]), "scanned": rows["code"].secret_code}
    words["reporting"] = rows["slip_code"].secret_code
    return {word: row.pk for word, row in rows.items()} | words


def _slips(unit: Employer, street: Area, far_street: Area) -> dict[str, Slip]:
    """Create a slip that waits in each community."""
    return {
        "slip": slips.from_unit(street, "郁报到", unit=unit, phone=slips.phone(1)),
        "other_slip": slips.from_unit(street, "外社区报到", unit=unit, phone=slips.phone(2), home=slips.THERE),
        "far_slip": slips.from_unit(far_street, "外街道报到", unit=unit, phone=slips.phone(3), home=slips.FAR),
    }


def _slip_codes(areas: dict[str, Area]) -> dict[str, SlipCode]:
    """Create an open reporting code of a community beside each of the buildings."""
    sides = (("", "1号楼"), ("other_", "2号楼"), ("far_", "9号楼"))
    return {f"{side}slip_code": slips.code(areas[name].parent.parent) for side, name in sides}


def _card(state: str, group: Area) -> RecordCard:
    """Create a card in this status, for a new member."""
    member = cards.in_post(NAMES[state], group, room=state)
    if state in ("draft", "empty"):
        return cards.draft(member, **({} if state == "draft" else {"lines": []}))
    if state in ("shown", "objected"):
        card = cards.shown(member)
        if state == "objected":
            agreeing.object_to(card, reason="那天我不在")
        return card
    if state == "agreed":
        return cards.agreed(member)
    card = cards.issued(member)
    with atomic_write():
        if state in ("received", "answered"):
            receiving.receive(card, digest=card.digest)
        if state == "answered":
            receiving.answer(card, text="谢谢社区。", thanks=True, by=receiving.By())
        if state == "returned":
            receiving.give_back(card, digest=card.digest, code="left_unit", text="")
        if state == "withdrawn":
            withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    return cards.fresh(card)


def _tried(unit: Employer, street: Area) -> dict[str, Any]:
    """Give the employer a test key; return it with a card and a slip that it opens."""
    key, _ = cards.key_to_try(unit, street)
    card = RecordCard.objects.filter(street=key.practice, status="issued")[0]
    return {"test_key": key, "test_card": card, "test_slip": Slip.objects.get(street=key.practice)}


def _code(place: Area) -> CardCode:
    """Create an open code of a building, past the rule, which would show its drafts."""
    values = {"first_day": cards.PERIOD.first, "last_day": cards.PERIOD.last, "ends_on": timezone.localdate()}
    return CardCode.objects.create(place=place, secret_code=f"code-of-{place.path}", **values)


def _units(unit: Employer, street: Area, before: str = "") -> dict[str, Any]:
    """Create what a street set up for the employer: a key, a contact, a webhook and a delivery."""
    webhook = Webhook(employer=unit, street=street, url=f"https://unit{before}.example.cn/hook")
    webhook.make_secret()
    webhook.save()
    key, _ = EmployerKey.make(label=f"{before}系统", employer=unit, street=street, scopes=Scope.values)
    return {
        "key": key,
        "contact": Contact.objects.create(user=factories.user(f"{before}danwei"), employer=unit, street=street),
        "webhook": webhook,
        "delivery": Delivery.objects.create(webhook=webhook, cursor="1", next_at=timezone.now(), status="given_up"),
    }


def bodies(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return by address the bodies to post, each valid for a user with the right to write."""
    today = timezone.localdate().isoformat()
    of_list, last = {"period": "2026H1"}, CardPeriod.on(timezone.localdate(), months=6).previous
    community = Area.objects.get(name="第一社区")
    offer = {"area": community.pk, "kind": "venue", "title": "活动室", "text": ""}
    reason = {"format": "0", "reason": "核对上半年"}
    receipt = {"digest": RecordCard.objects.get(pk=rows["issued"]).digest}
    return {
        "cards/make/": {"area": offer["area"], "period": last.code},
        "cards/show/": of_list | {"show": "draft", "card": rows["draft"]},
        "cards/agree/": of_list | {"show": "shown", "card": rows["shown"], "given_on": today},
        "cards/correct/": of_list | {"show": "shown", "card": rows["shown"]},
        "cards/issue/": of_list | {"show": "agreed", "card": rows["agreed"], "count": 1},
        "cards/ask/": of_list | {"place": community.path, "target": f"area-{rows['group']}", "ends_on": today},
        "cards/links/?period=2026H1&show=shown&card={shown}": {"reason": "逐个发给本人"},
        "slip-codes/": {"place": community.pk, "ends_on": today},
        "r/{reporting}/": REPORT | {"receives": "on"},
        "slips/add/": REPORT | {"agreed_how": "paper", "agreed_on": today},
        "slips/decline/": {"slip": rows["slip"]},
        **{f"slips/{{{side}slip}}/ask/": {"code": "home"} for side in ("", "other_", "far_")},
        "slips/{slip}/place/": {"community": community.pk},
        "slips/{slip}/forward/": {"to": Area.objects.get(name="菊园新区").pk},
        "cards/settings/": {"contact": "党建办", "months": 6},
        "cards/{draft}/": {"sentence": "谢谢。", "line": "x1", "keep": "x1"},
        **{f"cards/{{{side}shown}}/agree/": {"given_on": today} for side in ("", "other_")},
        **{f"cards/{{{side}issued}}/withdraw/": {"reason": "mistake"} for side in ("", "other_", "far_")},
        "c/{token}/": {"digits": "5678"},
        "ask/{scanned}/": {"name": NAMES["shown"], "phone_end": "5678"},
        "inbox/{issued}/receive/": receipt,
        "inbox/{received}/answer/": {"text": "谢谢。", "thanks": "on"},
        "inbox/{issued}/return/": receipt | {"code": "left_unit", "text": "调走了"},
        "our-offers/add/": offer,
        "our-offers/{offer}/": offer,
        "admin/feedback/recordcard/export/": reason,
        "admin/feedback/offer/export/": reason,
        "admin/feedback/slip/export/": reason,
    }  # fmt: skip
