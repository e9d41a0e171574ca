"""The writes of slips by a unit's contact in the inbox."""

import re
from datetime import date
from typing import Any

from django.utils import timezone

from feedback.forms import slip_book
from feedback.models import Contact, Feed, Slip, SlipCode, senders
from feedback.rules import slips_asking, slips_closing, slips_coding, slips_reading, slips_sending
from feedback.rules.slips_sending import SlipRow
from tests import slips
from tests.parity.asking import Values, Write
from tests.parity.of_feedback import Makers, by, only

NOT_NOW = "现在是“{}”，不能再做这一步"
ANY, ONE = "page inbox/slips/<int:pk>/", "inbox/slips/{slip}/"
ROW = ("name", "phone", "home", "employer_number", "skills", "wishes", "agreed_how", "agreed_on")


def as_book(values: Values) -> dict[str, str]:
    """Return the preview of a workbook with one row, as its page posts it."""
    row = SlipRow(**{name: values[name] for name in ROW} | {"agreed_on": date.fromisoformat(values["agreed_on"])})
    return {"rows": slip_book.sealed([slip_book.SlipBookRow("1", 2, row)], unit=Contact.objects.latest("pk").pk)}


WRITES: dict[str, Write] = {
    "slips are sent from the inbox": Write(
        rule=slips_sending.send_slips,
        doors=(
            by("contact", "page inbox/slips/add/", "inbox/slips/add/", only(*ROW)),
            by("contact", "page inbox/slips/workbook/send/", "inbox/slips/workbook/send/", as_book),
        ),
        good={
            "name": "单报到", "phone": "19900004321", "home": slips.HERE, "employer_number": "A-1", "skills": "书法",
            "wishes": "", "agreed_how": "paper", "agreed_on": "2026-11-02", "made_of": "{group}",
        },
        bad=(
            (slips_reading.NO_AGREEMENT, {"agreed_how": ""}),
            (slips_reading.LATE_DAY, {"agreed_on": "2999-01-01"}),
            (slips_reading.MISSING["name"], {"name": " "}),
            (slips_reading.MISSING["home"], {"home": ""}),
        ),
        apart=("number",),
    ),
    "a unit's contact answers a question": Write(
        rule=slips_asking.answer_question,
        doors=(by("contact", f"{ANY}answer/", f"{ONE}answer/", only("text", "home", "phone")),),
        good={"slip": "{asked}", "text": "一号楼", "home": slips.HERE, "phone": ""},
        bad=(
            (slips_asking.NO_ANSWER, {"text": "", "home": ""}),
            (NOT_NOW.format("已接收"), {"slip": "{accepted}"}),
        ),
    ),
    "a unit's contact withdraws a slip": Write(
        rule=slips_closing.withdraw,
        doors=(by("contact", f"{ANY}withdraw/", f"{ONE}withdraw/", only()),),
        good={"slip": "{accepted}"},
        bad=((NOT_NOW.format("不在本街道"), {"slip": "{declined}"}),),
    ),
    "a unit's contact says who left": Write(
        rule=slips_closing.end,
        doors=(by("contact", f"{ANY}end/", f"{ONE}end/", only("code", "text")),),
        good={"slip": "{accepted}", "code": "retired", "text": "十月退休"},
        bad=((NOT_NOW.format("已发出"), {"slip": "{waiting}"}),),
    ),
    "a unit's contact says whose a member is": Write(
        rule=slips_closing.ours,
        doors=(by("contact", f"{ANY}ours/", f"{ONE}ours/", only(is_ours="yes")),),
        good={"slip": "{own}"},
        bad=((slips_closing.THEIR_OWN, {"slip": "{waiting}"}),),
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


class UnitSlipMakers(Makers):
    """The slips that values and addresses name, beside what the other writes of feedback name."""

    def sent(self, name: str, **values: Any) -> Slip:
        """Create a slip of the unit, with a phone of its own."""
        assert self.fixture("group")
        phone = slips.phone(len(self.made) + 1)
        return slips.from_unit(self.office, name, unit=self.unit, **{"phone": phone} | values)

    def make_waiting(self) -> int:
        return self.sent("单等候").pk

    def make_asked(self) -> int:
        slip = self.sent("单核对")
        return slips_asking.ask(slip, code="phone", by=self.fixture("street_officer")).pk

    def make_accepted(self) -> int:
        return slips.accepted(self.sent("单接收"), self.fixture("street_officer")).pk

    def make_declined(self) -> int:
        return slips_closing.decline(self.sent("单退回"), by=self.fixture("street_officer")).pk

    def make_own(self) -> int:
        """A slip that a member sent, who lets the employer know."""
        assert self.fixture("group")
        return slips.reported(self.office, "单本人", employer_name=self.unit.name, tells_employer=True).pk

    def make_link(self) -> int:
        return slips.code(self.office, employer=self.unit).pk


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids that this test's write refers to."""
    request.getfixturevalue("monkeypatch").setattr(senders, "_letters", lambda: "KX")
    request.getfixturevalue("street_officer")
    write, makers = WRITES[request.getfixturevalue("write")], UnitSlipMakers(request)
    names = sorted({*re.findall(r"\{(\w+)\}", repr((write.doors, write.good, write.bad)))})
    found = {name: makers[name] for name in names if hasattr(makers, f"make_{name}")}
    Feed.objects.update(fetched_at=timezone.now())  # set already, so that a later fetch is no change
    return found
