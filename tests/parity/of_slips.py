"""The writes of slips: sent by a unit, and what becomes of them, by the unit's system and the office's programs."""

import re
from datetime import date
from typing import Any

from django.utils import timezone

from feedback.forms import slip_book
from feedback.models import Contact, Feed, Slip, SlipCode, senders
from feedback.rules import (
    slips_accepting,
    slips_asking,
    slips_closing,
    slips_coding,
    slips_forwarding,
    slips_reading,
    slips_sending,
)
from feedback.rules.slips_sending import SlipRow
from feedback.views.listed import NOTHING_CHOSEN
from tests import slips
from tests.parity.asking import Door, Values, Write
from tests.parity.of_feedback import Makers, by, by_key, only

NOT_NOW = "现在是“{}”，不能再做这一步"
ANY_STAFF, STAFF = "api POST api/v1/reporting-slips/<int:pk>/", "api/v1/reporting-slips/{slip}/"
ANY_SYSTEM, SYSTEM = "api POST api/v1/slips/<slip:number>/", "api/v1/slips/{number}/"
ANY_PAGE, PAGE = "page inbox/slips/<int:pk>/", "inbox/slips/{slip}/"
ANY_OFFICE, OFFICE = "page slips/<int:pk>/", "slips/{slip}/"
TYPED = ("name", "phone", "home", "employer_name")
ROW = ("name", "phone", "home", "employer_number", "skills", "wishes", "agreed_how", "agreed_on")


def as_book(values: Values) -> dict[str, str]:
    """Return the preview of a workbook with one row, as its page posts it."""
    day = values["agreed_on"]
    row = SlipRow(**{name: values[name] for name in ROW} | {"agreed_on": date.fromisoformat(day) if day else None})
    return {"rows": slip_book.sealed([slip_book.SlipBookRow("1", 2, row)], unit=Contact.objects.latest("pk").pk)}


def as_form(values: Values) -> Values:
    """Return what the page of a slip posts for a new member."""
    return {"who": "new", "home": values["home"] or "", "room": values["room"]}


def one(state: str) -> Values:
    """Return the values that name a slip in this state, by its id and by its number."""
    return {"slip": f"{{{state}}}", "number": f"{{{state}_number}}"}


WRITES: dict[str, Write] = {
    "slips are sent by a unit": Write(
        rule=slips_sending.send_slips,
        doors=(
            by_key("api POST api/v1/slips", "api/v1/slips", lambda v: {"slips": [only(*ROW)(v)]}),
            by("contact", "page inbox/slips/add/", "inbox/slips/add/", only(*ROW)),
            by("contact", "page inbox/slips/workbook/send/", "inbox/slips/workbook/send/", as_book),
        ),
        good={
            "name": "单报到", "phone": "19900004321", "home": slips.HERE, "employer_number": "A-1", "skills": "书法",
            "wishes": "", "agreed_how": "paper", "agreed_on": "2026-11-02", "made_of": "{waiting}",
        },
        bad=(
            (slips_reading.NO_AGREEMENT, {"agreed_how": ""}),
            (slips_reading.NO_DAY, {"agreed_on": ""}),
            (slips_reading.LATE_DAY, {"agreed_on": "2999-01-01"}),
            (slips_reading.MISSING["name"], {"name": " "}),
            (slips_reading.MISSING["home"], {"home": ""}),
        ),
        apart=("number", "key_id", "user_id"),
    ),
    "a slip's question is asked": Write(
        rule=slips_asking.ask,
        doors=(
            Door(f"{ANY_STAFF}ask", f"{STAFF}ask", only("code", "text")),
            Door(f"{ANY_OFFICE}ask/", f"{OFFICE}ask/", only("code", "text")),
        ),
        good={**one("waiting"), "code": "home", "text": "几号楼？"},
        bad=((slips_asking.NO_TEXT, {"code": "other", "text": ""}), (NOT_NOW.format("已接收"), one("accepted"))),
    ),
    "a slip's question is answered": Write(
        rule=slips_asking.answer_question,
        doors=(
            by_key(f"{ANY_SYSTEM}answer", f"{SYSTEM}answer", only("text", "home", "phone")),
            by("contact", f"{ANY_PAGE}answer/", f"{PAGE}answer/", only("text", "home", "phone")),
        ),
        good={**one("asked"), "text": "一号楼", "home": slips.HERE, "phone": ""},
        bad=((slips_asking.NO_ANSWER, {"text": "", "home": ""}), (NOT_NOW.format("已接收"), one("accepted"))),
    ),
    "a slip is accepted": Write(
        rule=slips_accepting.accept,
        doors=(
            Door(f"{ANY_STAFF}accept", f"{STAFF}accept", only("home", "room", "member")),
            Door(f"{ANY_OFFICE}accept/", f"{OFFICE}accept/", as_form),
        ),
        good={**one("waiting"), "home": "{group}", "room": "302", "member": None},
        bad=(
            (slips_accepting.NO_HOME, {**one("unplaced"), "home": None}),
            (NOT_NOW.format("不在本街道"), one("declined")),
        ),
    ),
    "a slip is declined": Write(
        rule=slips_closing.decline,
        doors=(
            Door(f"{ANY_STAFF}decline", f"{STAFF}decline", only("text")),
            Door(f"{ANY_OFFICE}decline/", f"{OFFICE}decline/", only("text")),
        ),
        good={**one("waiting"), "text": "没有这一户"},
        bad=((NOT_NOW.format("已接收"), one("accepted")),),
    ),
    "a slip is handed to a community": Write(
        rule=slips_asking.place,
        doors=(
            Door(f"{ANY_STAFF}place", f"{STAFF}place", only("community")),
            Door(f"{ANY_OFFICE}place/", f"{OFFICE}place/", only("community")),
        ),
        good={**one("unplaced"), "community": "{community}"},
        bad=((slips_asking.NOT_HERE, {"community": "{group}"}), (NOT_NOW.format("已接收"), one("accepted"))),
    ),
    "a slip is handed to another street": Write(
        rule=slips_forwarding.forward,
        doors=(
            Door(f"{ANY_STAFF}forward", f"{STAFF}forward", only("street")),
            Door(f"{ANY_OFFICE}forward/", f"{OFFICE}forward/", lambda v: {"to": v["street"]}),
        ),
        good={**one("waiting"), "street": "{far_street}"},
        bad=((slips_forwarding.NOT_A_STREET, {"street": "{street}"}), (NOT_NOW.format("已接收"), one("accepted"))),
        apart=("number",),
    ),
    "a slip is withdrawn": Write(
        rule=slips_closing.withdraw,
        doors=(
            Door(f"{ANY_STAFF}withdraw", f"{STAFF}withdraw", only(withdrawer="community")),
            Door(f"{ANY_OFFICE}withdraw/", f"{OFFICE}withdraw/", only(who="community")),
            by_key(f"{ANY_SYSTEM}withdraw", f"{SYSTEM}withdraw", only()),
            by("contact", f"{ANY_PAGE}withdraw/", f"{PAGE}withdraw/", only()),
        ),
        good=one("accepted"),
        bad=((NOT_NOW.format("不在本街道"), one("declined")),),
        apart=("withdrawn_by",),
    ),
    "a slip ends": Write(
        rule=slips_closing.end,
        doors=(
            Door(f"{ANY_STAFF}end", f"{STAFF}end", only("reason_code", "text")),
            Door(f"{ANY_OFFICE}end/", f"{OFFICE}end/", lambda v: {"code": v["reason_code"], "text": v["text"]}),
            by_key(f"{ANY_SYSTEM}end", f"{SYSTEM}end", only("reason_code", "text")),
            by("contact", f"{ANY_PAGE}end/", f"{PAGE}end/", lambda v: {"code": v["reason_code"], "text": v["text"]}),
        ),
        good={**one("accepted"), "reason_code": "retired", "text": "十月退休"},
        bad=((NOT_NOW.format("已发出"), one("waiting")),),
    ),
    "slips are accepted at once": Write(
        rule=slips_accepting.accept_all,
        doors=(Door("page slips/accept/", "slips/accept/", only()),),
        good={"made_of": "{waiting}"},
    ),
    "slips are declined at once": Write(
        rule=slips_closing.decline_all,
        doors=(Door("page slips/decline/", "slips/decline/", only("slip")),),
        good={"slip": "{waiting}"},
        bad=((NOTHING_CHOSEN, {"slip": "0"}),),
    ),
    "a slip on paper is typed": Write(
        rule=slips_sending.send_slips,
        doors=(Door("page slips/add/", "slips/add/", only(*TYPED, "agreed_how", "agreed_on")),),
        good={
            "name": "单纸质", "phone": "19900004322", "home": slips.HERE, "employer_name": "嘉定区图书馆",
            "agreed_how": "paper", "agreed_on": "2026-11-02",
        },
        bad=(("日期不能晚于今天", {"agreed_on": "2999-01-01"}), (slips_reading.MISSING["name"], {"name": "\u200b"})),
    ),
    "a member reports": Write(
        rule=slips_sending.send_slips,
        doors=(Door("page r/<str:code>/", "r/{secret}/", only(*TYPED, receives="on")),),
        good={"name": "单本人", "phone": "19900004323", "home": slips.HERE, "employer_name": "嘉定区图书馆"},
        bad=(("电话号码不对", {"phone": "1234"}),),
    ),
    "a slip's phone is shown in full": Write(
        rule=slips_asking.reveal_phone,
        doors=(Door(f"{ANY_OFFICE}phone/", f"{OFFICE}phone/", only()),),
        good=one("waiting"),
        only_entry=True,
    ),
    "a unit says whose a member is": Write(
        rule=slips_closing.ours,
        doors=(
            by_key(f"{ANY_SYSTEM}ours", f"{SYSTEM}ours", only(is_ours=True)),
            by("contact", f"{ANY_PAGE}ours/", f"{PAGE}ours/", only(is_ours="yes")),
        ),
        good=one("own"),
        bad=((slips_closing.THEIR_OWN, one("waiting")),),
    ),
    "a unit's link is opened": Write(
        rule=slips_coding.open_code,
        doors=(by("contact", "page inbox/slips/link/", "inbox/slips/link/", only("ends_on")),),
        good={"ends_on": timezone.localdate().isoformat()},
        bad=((slips_coding.WRONG_DAY, {"ends_on": "2020-01-01"}),),
    ),
    "a unit's link is closed": Write(
        rule=SlipCode.close,
        doors=(by("contact", "page inbox/slips/link/close/", "inbox/slips/link/close/", only()),),
        good={"code": "{link}"},
    ),
}  # fmt: skip

WRITE_NOTHING = {"page inbox/slips/workbook/": "shows what a workbook holds; sending its rows is a page of its own"}


class SlipMakers(Makers):
    """The slips that values and addresses name, beside what the other writes of feedback name."""

    def sent(self, name: str, **values: Any) -> Slip:
        """Create a slip of the unit, with a phone of its own."""
        assert self.fixture("group")
        phone = slips.phone(len(self.made) + 1)
        return slips.from_unit(self.office, name, unit=self.unit, **{"phone": phone} | values)

    def make_far_street(self) -> int:
        return self.fixture("other_street").pk

    def make_secret(self) -> str:
        assert self.fixture("group")
        return slips.code(self.fixture("community")).secret_code

    def make_waiting(self) -> int:
        return self.sent("单等候").pk

    def make_unplaced(self) -> int:
        return self.sent("单不明", home=slips.UNKNOWN).pk

    def make_asked(self) -> int:
        slip = self.sent("单核对")
        return slips_asking.ask(slip, code="phone", by=self.fixture("street_officer")).pk

    def make_accepted(self) -> int:
        return slips.accepted(self.sent("单接收"), self.fixture("street_officer")).pk

    def make_declined(self) -> int:
        return slips_closing.decline(self.sent("单退回"), by=self.fixture("street_officer")).pk

    def make_link(self) -> int:
        return slips.code(self.office, employer=self.unit).pk

    def make_own(self) -> int:
        """A slip that a member sent, who lets the employer know."""
        assert self.fixture("group")
        return slips.reported(self.office, "单本人", employer_name=self.unit.name, tells_employer=True).pk


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids and numbers that this test's write refers to."""
    request.getfixturevalue("monkeypatch").setattr(senders, "_letters", lambda: "KX")
    write, makers = WRITES[request.getfixturevalue("write")], SlipMakers(request)
    found: dict[str, Any] = {}
    for name in sorted({*re.findall(r"\{(\w+)\}", repr((write.doors, write.good, write.bad)))}):
        slip, _, what = name.rpartition("_")
        if slip and what == "number":
            found[name] = Slip.objects.get(pk=makers[slip]).number
        elif hasattr(makers, f"make_{name}"):
            found[name] = makers[name]
    Feed.objects.update(fetched_at=timezone.now())  # set already, so that a later fetch is no change
    return found
