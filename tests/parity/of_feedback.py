"""The writes of feedback: cards, replies and offers of employers, and the employers' access."""

import html
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from feedback.feed import delivering
from feedback.ground.periods import CardPeriod
from feedback.models import (
    CardCode,
    Contact,
    Delivery,
    EmployerKey,
    Feed,
    IssueRun,
    Offer,
    RecordCard,
    Webhook,
    codes,
    senders,
)
from feedback.models.senders import SenderQuerySet
from feedback.rules import (
    admitting,
    agreeing,
    asking,
    issuing,
    making,
    offering,
    receiving,
    restoring,
    withdrawing,
)
from members.models import Area, Employer, Member
from tests import cards, factories
from tests.parity.asking import Door, Rows, Values, Write

TODAY = timezone.localdate().isoformat()
LAST = CardPeriod.on(timezone.localdate(), months=6).previous
Body = Callable[[Values], Any]


def only(*names: str, **fixed: Any) -> Body:
    """Build a body of these values and the fixed ones."""
    return lambda values: {name: values[name] for name in names} | fixed


def of_many(state: str, *names: str) -> Body:
    """Build the body that ticks one card on the list of a status."""
    return lambda values: {
        "card": values["card"], "show": state, "period": cards.PERIOD.code, **{name: values[name] for name in names}
    }  # fmt: skip


def of_admin(action: str) -> Body:
    return lambda values: {"action": action, "_selected_action": values["card"]}


def by(who: str, name: str, address: str, body: Body = dict) -> Door:
    """Return the door of a page that a contact or a member opens, not a user of the office."""

    def call(rows: Rows, values: Values) -> str:
        answer = rows[who].post(f"/{address.format(**{**rows, **values})}", body(values), follow=True)
        return html.unescape(answer.content.decode())

    return Door(name, address + "{" + who + "}", body, call=call)


def by_key(name: str, address: str, body: Body = dict) -> Door:
    """Return the door of a call by the employer's system; each call has a new idempotency key."""
    method = name.split()[1].lower()

    def call(rows: Rows, values: Values) -> str:
        answer = getattr(rows["system"], method)(
            f"/{address.format(**{**rows, **values})}", json.dumps(body(values)), "application/json",
            headers={"Idempotency-Key": uuid4().hex},
        )  # fmt: skip
        return json.dumps(answer.json(), ensure_ascii=False)

    return Door(name, address + "{system}", body, call=call)


def restart(rows: Rows, values: Values) -> str:
    out = io.StringIO()
    call_command("restart_feeds", "--yes", stdout=out)
    return out.getvalue()


def written(values: Values) -> Any:
    """Build the draft's form: its only line is listed, and kept unless it is left out."""
    line = cards.LINE["key"]
    return {"sentence": values["sentence"], "line": line, "keep": "" if line in values["left_out"] else line}


CARD = "cards/{card}/"
STAFF = "api/v1/record-cards/{card}/"
API_CARD = "api POST api/v1/record-cards/<int:pk>/"
ANY_CARD = "page cards/<int:pk>/"
ACTIONS = "admin/feedback/recordcard/"
NOT_NOW = "现在是“{}”，不能再做这一步"
NO_CONSENT = "现在是“{}”，本人同意以后才能发出"

CARDS: dict[str, Write] = {
    "cards are made": Write(
        rule=making.make,
        doors=(
            Door("page cards/make/", "cards/make/"),
            Door("api POST api/v1/record-cards/make", "api/v1/record-cards/make"),
        ),
        good={"area": "{at_work}", "period": LAST.code},
        bad=(
            (making.NO_PERIOD, {"period": LAST.next.next.code}),
            (making.NO_PERIOD, {"period": f"{LAST.first.year - 5}H1"}),
            (making.NO_PERIOD, {"period": f"{LAST.first.year}"}),
            (making.NO_PLACE, {"area": "{group}"}),
        ),
    ),
    "a draft is written": Write(
        rule=RecordCard.write,
        doors=(
            Door(ANY_CARD, CARD, written),
            Door("api PATCH api/v1/record-cards/<int:pk>", STAFF[:-1], only("sentence", "left_out")),
        ),
        good={"card": "{draft}", "sentence": "谢谢参加。", "left_out": ["x1"]},
        bad=((NOT_NOW.format("待本人确认"), {"card": "{shown}"}),),
    ),
    "a card is put before its member": Write(
        rule=agreeing.show_all,
        doors=(
            Door(f"{ANY_CARD}show/", f"{CARD}show/", only()),
            Door("page cards/show/", "cards/show/", of_many("draft")),
            Door(f"{API_CARD}show", f"{STAFF}show", only()),
            Door("admin feedback.recordcard action show_to_members", ACTIONS, of_admin("show_to_members")),
        ),
        good={"card": "{draft}"},
        bad=((NOT_NOW.format("已发出"), {"card": "{issued}"}), (agreeing.EMPTY, {"card": "{empty}"})),
    ),
    "a member signs": Write(
        rule=agreeing.agree_all,
        doors=(
            Door(f"{ANY_CARD}agree/", f"{CARD}agree/", only("given_on")),
            Door("page cards/agree/", "cards/agree/", of_many("shown", "given_on")),
            Door(f"{API_CARD}agree", f"{STAFF}agree", only("given_on")),
        ),
        good={"card": "{shown}", "given_on": TODAY},
        bad=(
            ("日期不能晚于今天。", {"given_on": "2999-01-01"}),
            ("年，请核对。", {"given_on": "1900-01-01"}),
            (NOT_NOW.format("草稿"), {"card": "{draft}"}),
        ),
    ),
    "a member agrees by their link": Write(
        rule=agreeing.agree_all,
        doors=(by("phone", "page c/<str:token>/agree/", "c/{link}/agree/", only()),),
        good={"card": "{shown}"},
    ),
    "a member objects": Write(
        rule=agreeing.object_to,
        doors=(by("phone", "page c/<str:token>/object/", "c/{link}/object/", only("reason")),),
        good={"card": "{shown}", "reason": "那天我不在"},
        bad=((agreeing.NO_REASON, {"reason": " "}),),
    ),
    "a member refuses": Write(
        rule=agreeing.refuse,
        doors=(by("phone", "page c/<str:token>/refuse/", "c/{link}/refuse/", only()),),
        good={"card": "{shown}"},
    ),
    "a member takes their objection back": Write(
        rule=agreeing.unsay,
        doors=(by("phone", "page c/<str:token>/unsay/", "c/{link}/unsay/", only()),),
        good={"card": "{objected}"},
    ),
    "many are asked by a code": Write(
        rule=asking.ask_with_code,
        doors=(
            Door(
                "page cards/ask/",
                "cards/ask/",
                only("target", "ends_on", period=cards.PERIOD.code),
                who="secretary",
            ),
        ),
        good={"target": "{askable}", "ends_on": TODAY, "card": "{draft}"},
        bad=(
            ("最后一天请选今天到", {"ends_on": "2999-01-01"}),
            ("请从名单里选一处", {"target": "{elsewhere_askable}"}),
        ),
    ),
    "a code is closed": Write(
        rule=CardCode.close,
        doors=(Door("page cards/codes/<int:pk>/close/", "cards/codes/{code}/close/", only()),),
        good={"code": "{open_code}"},
        bad=((codes.CLOSED, {"code": "{closed_code}"}),),
    ),
    "a card is taken back to a draft": Write(
        rule=agreeing.correct_all,
        doors=(
            Door(f"{ANY_CARD}correct/", f"{CARD}correct/", only()),
            Door("page cards/correct/", "cards/correct/", of_many("shown")),
            Door(f"{API_CARD}correct", f"{STAFF}correct", only()),
        ),
        good={"card": "{shown}"},
        bad=((NOT_NOW.format("已发出"), {"card": "{issued}"}), (NOT_NOW.format("草稿"), {"card": "{draft}"})),
    ),
    "a card is issued": Write(
        rule=issuing.send_all,
        doors=(
            Door(f"{ANY_CARD}issue/", f"{CARD}issue/", only()),
            Door(f"{API_CARD}issue", f"{STAFF}issue", only()),
            Door("admin feedback.recordcard action issue", ACTIONS, of_admin("issue")),
        ),
        good={"card": "{agreed}"},
        bad=(
            (NO_CONSENT.format("草稿"), {"card": "{draft}"}),
            (NO_CONSENT.format("已发出"), {"card": "{issued}"}),
            (issuing.HAS_LEFT, {"card": "{elsewhere}"}),
        ),
    ),
    "many cards are issued": Write(
        rule=issuing.start,
        doors=(Door("page cards/issue/", "cards/issue/", of_many("agreed", "count")),),
        good={"card": "{agreed}", "count": 1},
    ),
    "a card is kept from leaving": Write(
        rule=issuing.stop_all,
        doors=(
            Door(f"{ANY_CARD}stop/", f"{CARD}stop/", only()),
            Door(f"{API_CARD}stop", f"{STAFF}stop", only()),
            Door("admin feedback.recordcard action stop", ACTIONS, of_admin("stop")),
        ),
        good={"card": "{leaving}"},
        bad=(
            (issuing.NOT_LEAVING, {"card": "{agreed}"}),
            (issuing.NOT_LEAVING, {"card": "{draft}"}),
            (issuing.TOO_LATE, {"card": "{issued}"}),
        ),
    ),
    "a run is kept from leaving": Write(
        rule=issuing.stop_all,
        doors=(Door("page cards/runs/<int:pk>/stop/", "cards/runs/{run}/stop/", only()),),
        good={"run": "{waiting_run}"},
        bad=(("这一批已经停止发出", {"run": "{held_run}"}),),
    ),
    "a card is dropped": Write(
        rule=withdrawing.withdraw,
        doors=(
            Door(f"{ANY_CARD}drop/", f"{CARD}drop/", only()),
            Door(f"{API_CARD}withdraw", f"{STAFF}withdraw", only(reason="dropped")),
        ),
        good={"card": "{agreed}"},
        bad=((withdrawing.LEFT, {"card": "{issued}"}), (NOT_NOW.format("已撤回"), {"card": "{withdrawn}"})),
    ),
    "a card is withdrawn": Write(
        rule=withdrawing.withdraw,
        doors=(
            Door(f"{ANY_CARD}withdraw/", f"{CARD}withdraw/", only(reason="mistake")),
            Door(f"{API_CARD}withdraw", f"{STAFF}withdraw", only(reason="mistake")),
        ),
        good={"card": "{issued}"},
        bad=((NOT_NOW.format("已撤回"), {"card": "{withdrawn}"}),),
    ),
    "a member takes their consent back": Write(
        rule=agreeing.take_back,
        doors=(
            Door(f"{ANY_CARD}withdraw/", f"{CARD}withdraw/", only(reason="consent")),
            Door(f"{API_CARD}withdraw", f"{STAFF}withdraw", only(reason="consent")),
            by("phone", "page c/<str:token>/take-back/", "c/{link}/take-back/", only()),
        ),
        good={"card": "{issued}"},
    ),
    "a card is made anew": Write(
        rule=making.remake,
        doors=(
            Door(f"{ANY_CARD}remake/", f"{CARD}remake/", only()),
            Door(f"{API_CARD}remake", f"{STAFF}remake", only()),
        ),
        good={"card": "{withdrawn}"},
        bad=(("现在是“已发出”，退回或撤回以后才能重新生成", {"card": "{issued}"}),),
    ),
    "a street says who it is": Write(
        rule=SenderQuerySet.keep,
        doors=(Door("page cards/settings/", "cards/settings/?area={street}"),),
        good={"contact": "党建办，69980000", "months": 3},
    ),
}

INBOX = "inbox/{card}/"
REPLIES = "api POST api/v1/cards/<number:number>/"
SYSTEM = "api/v1/cards/{number}/"
ISSUED = {"card": "{issued}", "number": "{issued_number}", "digest": "{issued_digest}"}
RECEIVED = {"card": "{received}", "number": "{received_number}", "digest": "{received_digest}"}
WITHDRAWN = {"card": "{withdrawn}", "number": "{withdrawn_number}", "digest": "{withdrawn_digest}"}
IS_GONE, IS_OTHER = "这张卡已经撤回，请删去您那里的内容。", "校验码不对：您读到的内容和这张卡不一样，请重新取卡。"

REPLY: dict[str, Write] = {
    "a card is acknowledged": Write(
        rule=receiving.receive_all,
        doors=(
            by("contact", "page inbox/<int:pk>/receive/", f"{INBOX}receive/", only("digest")),
            by("contact", "page inbox/receive/", "inbox/receive/", lambda v: {"card": f"{v['card']}.{v['digest']}"}),
            by_key(f"{REPLIES}receipt", f"{SYSTEM}receipt", only("digest")),
        ),
        good=ISSUED,
        bad=((IS_GONE, WITHDRAWN), (IS_OTHER, {"digest": "0" * 64})),
    ),
    "a receipt is taken back": Write(
        rule=receiving.take_back,
        doors=(
            by("contact", "page inbox/<int:pk>/take-back/", f"{INBOX}take-back/", only()),
            by_key(f"{REPLIES}receipt/take-back", f"{SYSTEM}receipt/take-back", only("digest")),
        ),
        good=RECEIVED,
        bad=((IS_GONE, WITHDRAWN), (NOT_NOW.format("已发出"), ISSUED)),
    ),
    "many cards are answered": Write(
        rule=receiving.answer_all,
        doors=(
            by(
                "contact",
                "page inbox/answer/",
                "inbox/answer/",
                lambda v: {"card": f"{v['card']}.{v['digest']}", "text": v["text"], "thanks": v["thanks"]},
            ),
        ),
        good={**ISSUED, "text": "已阅，感谢社区。", "thanks": True},
        bad=((IS_GONE, WITHDRAWN), (IS_OTHER, {"digest": "0" * 64}), (receiving.NO_ANSWER, {"text": " "})),
    ),
    "a card is answered": Write(
        rule=receiving.answer,
        doors=(
            by("contact", "page inbox/<int:pk>/answer/", f"{INBOX}answer/", only("text", "thanks")),
            by_key(f"{REPLIES}answer", f"{SYSTEM}answer", only("text", "thanks")),
        ),
        good={**RECEIVED, "text": "已阅，感谢社区。", "thanks": True},
        bad=(
            (IS_GONE, WITHDRAWN),
            (NOT_NOW.format("已发出"), ISSUED),
            (receiving.NO_ANSWER, {"text": " "}),
        ),
        apart=("key_id", "user_id"),
    ),
    "a card is returned": Write(
        rule=receiving.give_back,
        doors=(
            by("contact", "page inbox/<int:pk>/return/", f"{INBOX}return/", only("digest", "code", "text")),
            by_key(
                f"{REPLIES}return",
                f"{SYSTEM}return",
                lambda v: {"digest": v["digest"], "reason_code": v["code"], "text": v["text"]},
            ),
        ),
        good={**RECEIVED, "code": "left_unit", "text": "去年调走"},
        bad=(
            (IS_GONE, WITHDRAWN),
            (IS_OTHER, {"digest": "0" * 64}),
            (receiving.NO_WORD, {"code": "other", "text": ""}),
        ),
    ),
}

OURS, OFFERS = "our-offers/{offer}/", "offers/{offer}/"
ANY_OFFER, ANY_OURS = "page offers/<int:pk>/", "page our-offers/<int:pk>/"
PATCH = "api PATCH api/v1/offers/<int:pk>"
STAFF_OFFER = "api POST api/v1/employer-offers/<int:pk>/"
OFFERED = ("area", "kind", "title", "text")

OFFER: dict[str, Write] = {
    "something is offered": Write(
        rule=offering.offer,
        doors=(
            by("contact", "page our-offers/add/", "our-offers/add/", only(*OFFERED)),
            by_key("api POST api/v1/offers", "api/v1/offers", only(*OFFERED)),
        ),
        good={"area": "{community}", "kind": "talk", "title": "法律讲座", "text": "周末。"},
        bad=((offering.NO_PLACE, {"area": "{group}"}), (offering.NO_PLACE, {"area": "{far}"})),
    ),
    "an offer is said anew": Write(
        rule=offering.change,
        doors=(
            by("contact", ANY_OURS, OURS, only(*OFFERED)),
            by_key(PATCH, "api/v1/offers/{offer}", only("kind", "title", "text")),
        ),
        good={"offer": "{open_offer}", "area": "{community}", "kind": "other", "title": "礼堂", "text": ""},
        bad=((NOT_NOW.format("单位已收回"), {"offer": "{taken_offer}"}),),
    ),
    "an offer is taken back": Write(
        rule=offering.take_back,
        doors=(
            by("contact", f"{ANY_OURS}take-back/", f"{OURS}take-back/", only()),
            by_key(PATCH, "api/v1/offers/{offer}", only(status="withdrawn")),
        ),
        good={"offer": "{open_offer}"},
        bad=((NOT_NOW.format("已用完"), {"offer": "{used_offer}"}),),
    ),
    "an offer is made again": Write(
        rule=offering.offer_again,
        doors=(
            by("contact", f"{ANY_OURS}again/", f"{OURS}again/", only()),
            by_key(PATCH, "api/v1/offers/{offer}", only(status="open")),
        ),
        good={"offer": "{taken_offer}"},
        bad=((NOT_NOW.format("已用完"), {"offer": "{used_offer}"}),),
    ),
    "an offer is used for a need": Write(
        rule=offering.use,
        doors=(
            Door(f"{ANY_OFFER}use/", f"{OFFERS}use/", only("need")),
            Door(f"{STAFF_OFFER}use", "api/v1/employer-offers/{offer}/use", only("need")),
        ),
        good={"offer": "{open_offer}", "need": "{need}"},
        bad=(
            (offering.ELSEWHERE, {"need": "{need_elsewhere}"}),
            (NOT_NOW.format("已用完"), {"offer": "{used_offer}"}),
            (NOT_NOW.format("已认领"), {"need": "{need_claimed}"}),
        ),
    ),
    "an offer is used up": Write(
        rule=offering.use_up,
        doors=(
            Door(f"{ANY_OFFER}used-up/", f"{OFFERS}used-up/", only(), who="secretary"),
            Door(f"{STAFF_OFFER}used-up", "api/v1/employer-offers/{offer}/used-up", only(), who="secretary"),
        ),
        good={"offer": "{open_offer}"},
        bad=(
            (NOT_NOW.format("单位已收回"), {"offer": "{taken_offer}"}),
            (offering.FOR_THE_STREET, {"offer": "{street_offer}"}),
        ),
    ),
    "an offer is available after all": Write(
        rule=offering.make_available,
        doors=(
            Door(f"{ANY_OFFER}available/", f"{OFFERS}available/", only(), who="secretary"),
            Door(f"{STAFF_OFFER}available", "api/v1/employer-offers/{offer}/available", only(), who="secretary"),
        ),
        good={"offer": "{used_offer}"},
        bad=(
            (NOT_NOW.format("单位已收回"), {"offer": "{taken_offer}"}),
            (offering.FOR_THE_STREET, {"offer": "{street_offer}"}),
        ),
    ),
}

UNIT = {"employer": "{employer}", "street": "{street}"}

ADMITTING: dict[str, Write] = {
    "a key is given": Write(
        rule=admitting.give_key,
        doors=(Door("admin feedback.employerkey add", "admin/feedback/employerkey/add/"),),
        good={**UNIT, "label": "人事系统", "scopes": ["cards:read"], "addresses": "", "life": "180"},
        bad=(("有地址写得不对", {"addresses": "x"}), (admitting.SAME_KEY, {"label": "{key_label}"})),
    ),
    "a test key is given": Write(
        rule=admitting.give_key,
        doors=(Door("admin feedback.employerkey add", "admin/feedback/employerkey/add/"),),
        good={**UNIT, "label": "程序员试用", "scopes": ["cards:read"], "addresses": "", "life": "180", "is_test": "on"},
        bad=((admitting.SAME_KEY, {"label": "{key_label}"}),),
    ),
    "a key is exchanged": Write(
        rule=EmployerKey.rotate,
        doors=(
            Door("page employer-keys/<int:pk>/rotate/", "employer-keys/{key}/rotate/", only()),
            by("contact", "page inbox/keys/<int:pk>/rotate/", "inbox/keys/{key}/rotate/", only()),
        ),
        good={"key": "{live_key}"},
        bad=(("这把密钥已停用或已到期，不能更换", {"key": "{dead_key}"}),),
    ),
    "a key is exchanged by its system": Write(
        rule=admitting.rotate_by_system,
        doors=(by_key("api POST api/v1/me/key/rotate", "api/v1/me/key/rotate", only()),),
        good={},
        again="the successor that was never used makes way for another",
    ),
    "a key is revoked": Write(
        rule=EmployerKey.revoke,
        doors=(Door("page employer-keys/<int:pk>/revoke/", "employer-keys/{key}/revoke/", only()),),
        good={"key": "{live_key}"},
        bad=(("这把密钥已经停用了", {"key": "{dead_key}"}),),
    ),
    "a contact is let in": Write(
        rule=admitting.admit,
        doors=(Door("admin feedback.contact add", "admin/feedback/contact/add/"),),
        good={**UNIT, "name": "钱联系", "username": "qianlx"},
        bad=((admitting.TAKEN, {"username": "jiedao"}),),
    ),
    "a contact gets a new password": Write(
        rule=admitting.reset_password,
        doors=(Door("page contacts/<int:pk>/reset/", "contacts/{contact_row}/reset/", only()),),
        good={},
    ),
    "a contact ends": Write(
        rule=Contact.end,
        doors=(Door("page contacts/<int:pk>/end/", "contacts/{contact_row}/end/", only()),),
        good={},
    ),
    "a webhook is added": Write(
        rule=admitting.add_webhook,
        doors=(Door("admin feedback.webhook add", "admin/feedback/webhook/add/"),),
        good={**UNIT, "url": "https://hooks.example/new"},
        bad=(("这不是完整的网址", {"url": "hooks"}), (admitting.SAME_ADDRESS, {"url": "{webhook_url}"})),
    ),
    "a webhook for tests is added": Write(
        rule=admitting.add_webhook,
        doors=(Door("admin feedback.webhook add", "admin/feedback/webhook/add/"),),
        good={**UNIT, "url": "https://hooks.example/test", "is_test": "on"},
        bad=(("这不是完整的网址", {"url": "hooks"}),),
    ),
    "a webhook is changed": Write(
        rule=admitting.change_webhook,
        doors=(Door("admin feedback.webhook change", "admin/feedback/webhook/{webhook}/change/"),),
        good={"url": "https://hooks.example/other"},
        bad=(("这不是完整的网址", {"url": "hooks"}),),
    ),
    "a webhook gets another secret": Write(
        rule=admitting.renew_secret,
        doors=(Door("page webhooks/<int:pk>/secret/", "webhooks/{bare_webhook}/secret/", only()),),
        good={},
        again="the secret before stays good beside the new one for a week",
    ),
    "a test goes to a webhook": Write(
        rule=delivering.send_test,
        doors=(
            Door("page webhooks/<int:pk>/test/", "webhooks/{webhook}/test/", only()),
            by("contact", "page inbox/webhooks/<int:pk>/test/", "inbox/webhooks/{webhook}/test/", only()),
            by_key("api POST api/v1/webhooks/test", "api/v1/webhooks/test", only()),
        ),
        good={"webhook": "{webhook}"},
        again="once a test was tried, another may go out",
    ),
    "a message is sent again": Write(
        rule=delivering.send_again,
        doors=(Door("page deliveries/<int:pk>/send/", "deliveries/{delivery}/send/", only()),),
        good={},
    ),
    "feeds begin anew": Write(
        rule=restoring.restart_feeds,
        doors=(Door("command restart_feeds", "{received}", call=restart),),
        good={},
    ),
}

WRITES: dict[str, Write] = CARDS | REPLY | OFFER | ADMITTING

# Doors that take a form but change no row of the product, and why.
WRITE_NOTHING: dict[str, str] = {
    "page c/<str:token>/": "tells who knows the digits; each wrong try is counted, the same one again too",
    "page ask/<str:code>/": "tells who knows name and digits; each wrong try is counted, the same one again too",
    "page cards/links/": "turns what was ticked into an address; with a reason it hands out the file, on record",
    "page cards/cards.pdf": "turns what was ticked into an address; the file itself is a GET",
    "page cards/sheets/": "turns what was ticked into an address; the sheets themselves are a GET",
}


class Makers:
    """The rows that values and addresses name, each created on first access."""

    def __init__(self, request: Any):
        self.request = request
        self.made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.made:
            self.made[name] = getattr(self, f"make_{name}")()
        return self.made[name]

    def fixture(self, name: str) -> Any:
        return self.request.getfixturevalue(name)

    @property
    def member(self) -> Member:
        return self.fixture("member")

    @property
    def unit(self) -> Employer:
        assert self.member.employer
        return self.member.employer

    @property
    def office(self) -> Area:
        return self.fixture("street")

    def colleague(self, name: str) -> Member:
        return cards.in_post(name, self.fixture("group"), at=self.unit, room=str(len(self.made) + 500))

    # Places and people
    def make_street(self) -> int:
        return self.office.pk

    def make_community(self) -> int:
        return self.fixture("community").pk

    def make_group(self) -> int:
        return self.fixture("group").pk

    def make_far(self) -> int:
        return self.fixture("far_community").pk

    def make_employer(self) -> int:
        return self.unit.pk

    def make_at_work(self) -> int:
        """A community with a member who attended an activity in the period."""
        came = factories.activity(self.fixture("group"), held_on=LAST.first)
        came.attendances.create(member=self.member, source="tick")
        return self["community"]

    # Cards
    def make_draft(self) -> int:
        return cards.draft(self.colleague("安草稿")).pk

    def make_empty(self) -> int:
        return cards.draft(self.colleague("安空白"), lines=[]).pk

    def make_shown(self) -> int:
        return cards.shown(self.colleague("安待定")).pk

    def make_objected(self) -> int:
        card = cards.shown(self.colleague("安异议"))
        agreeing.object_to(card, reason="那天我不在")
        return card.pk

    def make_askable(self) -> str:
        """What stands for the building of a member whose card waits."""
        return f"area-{self['draft'] and self['group']}"

    def make_elsewhere_askable(self) -> str:
        return f"area-{self['far']}"

    def make_open_code(self) -> int:
        assert self["draft"]
        group: Area = self.fixture("group")
        return asking.ask_with_code(group, None, cards.PERIOD, ends_on=timezone.localdate())[0].pk

    def make_closed_code(self) -> int:
        """The code of the community, which is another than the building's."""
        assert self["draft"]
        place: Area = self.fixture("community")
        code, _ = asking.ask_with_code(place, None, cards.PERIOD, ends_on=timezone.localdate())
        code.close()
        return code.pk

    def make_agreed(self) -> int:
        return cards.agreed(self.colleague("安同意")).pk

    def make_elsewhere(self) -> int:
        """A card whose member has changed the employer since."""
        gone = self.colleague("安调走")
        card = cards.agreed(gone)
        Member.objects.filter(pk=gone.pk).update(employer=factories.employer("上海嘉定电机厂"))
        return card.pk

    def make_leaving(self) -> int:
        """A card that waits to leave."""
        card = cards.agreed(self.colleague("安等候"))
        made = self.run(IssueRun.Status.WAITING)
        RecordCard.objects.filter(pk=card.pk).update(leaving=made)
        return card.pk

    def make_waiting_run(self) -> int:
        leaving = RecordCard.objects.get(pk=self.make_leaving()).leaving
        assert leaving
        return leaving.pk

    def make_held_run(self) -> int:
        return self.run(IssueRun.Status.HELD).pk

    def run(self, status: str) -> IssueRun:
        later = timezone.now() + timedelta(minutes=10)
        area, user = self.fixture("community"), self.fixture("street_officer")
        return IssueRun.objects.create(area=area, user=user, status=status, leaves_at=later)

    def make_issued(self) -> int:
        return cards.issued(self.colleague("安发出")).pk

    def make_received(self) -> int:
        card = cards.issued(self.colleague("安签收"))
        receiving.receive(card, digest=card.digest)
        return card.pk

    def make_withdrawn(self) -> int:
        card = cards.issued(self.colleague("安撤回"))
        withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
        return card.pk

    # Offers
    def make_open_offer(self) -> int:
        return cards.offer(self.unit, self.fixture("community")).pk

    def make_street_offer(self) -> int:
        return cards.offer(self.unit, self.office, title="全街道的").pk

    def make_taken_offer(self) -> int:
        return self.closed(Offer.Status.WITHDRAWN)

    def make_used_offer(self) -> int:
        return self.closed(Offer.Status.USED)

    def closed(self, to: str) -> int:
        row = cards.offer(self.unit, self.fixture("community"), title=f"会议室{to}")
        row.close(to)
        return row.pk

    def make_need(self) -> int:
        return factories.need(self.fixture("group")).pk

    def make_need_elsewhere(self) -> int:
        return factories.need(self.fixture("other_group")).pk

    def make_need_claimed(self) -> int:
        need = factories.need(self.fixture("group"), text="有人认领了")
        need.claim(employer=self.unit)
        return need.pk

    # Access of the employer
    def make_live_key(self) -> int:
        return cards.key(self.unit, self.office)[0].pk

    def make_dead_key(self) -> int:
        key = cards.key(self.unit, self.office)[0]
        key.revoke()
        return key.pk

    def make_key_label(self) -> str:
        return cards.key(self.unit, self.office)[0].label

    def make_contact_user(self) -> Any:
        return cards.contact("lianxiren", self.unit, self.office)

    def make_contact_row(self) -> int:
        return self["contact_user"].contacts.get().pk

    def make_contact(self) -> Client:
        return self.fixture("logged_in")(self["contact_user"])

    def make_system(self) -> Client:
        """The employer's system. It has called before, so that its key's first use is not compared."""
        system = Client(headers={"Authorization": f"Bearer {cards.key(self.unit, self.office)[1]}"})
        assert system.get("/api/v1/me").status_code == 200
        return system

    def make_webhook(self) -> int:
        hook = Webhook(employer=self.unit, street=self.office, url="https://hooks.example/")
        hook.make_secret()
        hook.save()
        return hook.pk

    def make_bare_webhook(self) -> int:
        """A webhook without a secret: the comparison sees only whether there is one, not that it differs."""
        return Webhook.objects.create(employer=self.unit, street=self.office, url="https://hooks.example/").pk

    def make_webhook_url(self) -> str:
        return Webhook.objects.get(pk=self["webhook"]).url

    def make_delivery(self) -> int:
        self.fixture("monkeypatch").setattr(delivering, "enqueue", lambda job, **_: None)
        return Delivery.objects.create(webhook_id=self["webhook"], cursor="c", status="given_up", attempts=12).pk


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids and other values that this test's write refers to."""
    request.getfixturevalue("monkeypatch").setattr(senders, "_letters", lambda: "KX")
    request.getfixturevalue("street_officer")
    write, makers = WRITES[request.getfixturevalue("write")], Makers(request)
    names = {*re.findall(r"\{(\w+)\}", repr((write.doors, write.good, write.bad)))}
    found: dict[str, Any] = {}
    for name in sorted(names):
        card, _, what = name.rpartition("_")
        if card and what in ("number", "digest"):
            found[name] = getattr(RecordCard.objects.get(pk=makers[card]), what)
        elif hasattr(makers, f"make_{name}"):
            found[name] = makers[name]
    Feed.objects.update(fetched_at=timezone.now())  # set already, so that a later fetch is no change
    return found | _of_link(write, makers)


def _of_link(write: Write, makers: Makers) -> Rows:
    """Return the link and phone of the card's member, with the digits already entered."""
    if "phone" not in repr(write.doors):
        return {}
    card, phone = cards.fresh(RecordCard.objects.get(pk=makers[write.good["card"][1:-1]])), Client()
    link = agreeing.link_token(card)
    assert phone.post(f"/c/{link}/", {"digits": "5678"}).status_code == 302
    return {"phone": phone, "link": link}
