"""The roster's pages as a secretary goes through them: upload, look, apply, undo; and whatever gets in between."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from members.ground.access import PostKind
from members.models import Area, AuditEntry, Employer, Member, RosterImport, User
from members.models.uploads import INTERRUPTED, SILENCE
from members.roster import refusal, steps
from members.roster.steps import LOCKED_OUT
from tests import factories
from tests.members.uploads import called, cells, everything, plan_of, preview, sheet

ROSTERS = Path(__file__).resolve().parent.parent / "rosters"
Status = RosterImport.Status
REFUSED = {
    "picture.xlsx": refusal.PICTURE,
    "page.xls": refusal.WEB_PAGE,
    "bomb.xlsx": "太大",
    "binary.csv": refusal.BINARY,
}


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User, group: Area) -> Client:
    return logged_in(secretary)


@pytest.fixture
def officer(db: None, logged_in: Callable[[User], Client]) -> Client:
    """The street's officer, with the whole tree of the street."""
    call_command("import_areas", str(ROSTERS / "areas.xlsx"), street="新成路街道", stdout=io.StringIO())
    return logged_in(factories.official("jiedao", PostKind.STREET, Area.objects.get(level=Area.Level.STREET)))


def upload(client: Client, content: bytes, area: Area, *, name: str = "花名册.xlsx", **more: Any) -> RosterImport:
    """Upload as the page does, and return what came of it."""
    answer = client.post("/roster/", {"area": area.pk, "file": SimpleUploadedFile(name, content)} | more)
    assert answer.status_code == 302, answer.context["form"].errors
    return RosterImport.objects.latest("pk")


def shown(client: Client, roster_import: RosterImport, query: str = "") -> str:
    answer = client.get(f"/roster/{roster_import.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def step(client: Client, roster_import: RosterImport, name: str, **body: str) -> str:
    """Press a button, follow to the next page, and return it; the import is read anew."""
    answer = client.post(f"/roster/{roster_import.pk}/{name}/", body, follow=True)
    assert answer.status_code == 200
    roster_import.refresh_from_db()
    return answer.content.decode()


def error_book(client: Client, roster_import: RosterImport) -> Any:
    answer = client.get(f"/roster/{roster_import.pk}/errors.xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return load_workbook(io.BytesIO(answer.content))


# What is no roster ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["noheader.xlsx", "twoheads.xlsx"])
def test_what_nobody_can_name_is_asked_about(client: Client, community: Area, name: str) -> None:
    before = everything()
    asked = upload(client, (ROSTERS / name).read_bytes(), community, name=name)
    assert asked.status == Status.COLUMNS
    assert "下一步：核对" in shown(client, asked)
    assert everything() == before


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_roster_is_turned_away_in_a_sentence(client: Client, community: Area, name: str) -> None:
    before = everything()
    refused = upload(client, (ROSTERS / name).read_bytes(), community, name=name)
    assert refused.status == Status.REFUSED
    assert REFUSED[name] in refused.message
    assert refused.message in shown(client, refused)
    assert (refused.content, refused.plan) == (None, None)
    assert everything() == before


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "请填写"),
        ({"file": SimpleUploadedFile("空.xlsx", (ROSTERS / "empty.xlsx").read_bytes())}, "提交的是空文件"),
        ({"file": SimpleUploadedFile("大.xlsx", b"x" * (10 * 1024 * 1024 + 1))}, refusal.TOO_LARGE),
    ],
    ids=["none", "empty", "large"],
)
def test_the_form_says_what_is_missing(client: Client, community: Area, body: dict, sentence: str) -> None:
    answer = client.post("/roster/", {"area": community.pk} | body)
    assert (answer.status_code, sentence in answer.content.decode()) == (200, True)
    assert not RosterImport.objects.exists()


def test_the_blank_template_is_a_roster_of_nobody(client: Client, community: Area) -> None:
    blank = client.get("/roster/template.xlsx")
    done = upload(client, blank.content, community)
    assert "确认写入" not in shown(client, done)
    step(client, done, "apply")
    assert not Member.objects.exists()


@pytest.mark.parametrize("query", ["?show=nonsense", "?show=new&p=99", "?p=x", "?show=skipped", "?show=absent"])
def test_a_query_by_hand_breaks_no_preview(client: Client, community: Area, query: str) -> None:
    shown(client, upload(client, sheet(cells("新人甲")), community, name="花名册.csv"), query)


# From upload to undo -------------------------------------------------------------------------------------------------
def test_a_titled_roster_of_a_community_goes_in_and_comes_out_again(officer: Client) -> None:
    community = Area.objects.get(name="第三社区")
    roster = (ROSTERS / "titled.xlsx").read_bytes()
    done = upload(officer, roster, community, name="titled.xlsx")
    page = shown(officer, done)
    assert (done.status, done.counts["new"], done.counts["error"]) == (Status.REVIEW, 240, 0)
    assert "确认写入 240 人" in page
    assert "在职党员" in page
    assert not Member.objects.exists()
    step(officer, done, "apply")
    assert (done.status, Member.objects.living_in(community, done.day).count()) == (Status.APPLIED, 240)
    assert (done.content, done.plan) == (None, None)

    again = upload(officer, roster, community, name="titled.xlsx")
    assert (again.counts["same"], again.counts["changed"]) == (240, 0)
    assert "不用写入" in shown(officer, again)

    assert "确定要撤销" in officer.get(f"/roster/{done.pk}/undo/").content.decode()
    assert "已撤销" in step(officer, done, "undo")
    assert (Member.objects.count(), Employer.objects.count()) == (0, 0)


def test_a_dirty_roster_is_mended_by_its_error_book(officer: Client) -> None:
    street = Area.objects.get(level=Area.Level.STREET)
    dirty = upload(officer, (ROSTERS / "dirty.xlsx").read_bytes(), street, name="dirty.xlsx")
    page = shown(officer, dirty)
    assert (dirty.counts["new"], dirty.counts["error"]) == (31, 23)
    assert "下载错误说明表" in page
    assert "还有 23 行有错误" in step(officer, dirty, "apply")
    assert (dirty.status, Member.objects.count()) == (Status.REVIEW, 0)

    mended = mend(error_book(officer, dirty))
    step(officer, dirty, "apply-good", confirmed="on")
    assert (dirty.status, Member.objects.count()) == (Status.APPLIED, 31)
    assert error_book(officer, dirty)["花名册"].max_row > 50, "the rows left out can still be mended"

    second = upload(officer, mended, street, name="改好.xlsx")
    assert (second.counts["error"], second.counts["same"], second.counts["new"]) == (0, 31, 23)
    step(officer, second, "apply", confirmed="on")
    assert Member.objects.count() == 54


def mend(book: Any) -> bytes:
    """Do what the notes ask for, the short way: each row with a note becomes a plain local member next door."""
    page = book["花名册"]
    headings = {cell.value: cell.column for cell in page[1]}
    noted = [row for row in range(2, page.max_row + 1) if page.cell(row, headings["错误说明"]).value]
    assert len(noted) == 23
    for number, row in enumerate(noted):
        person = {
            "姓名": called(number),
            "性别": "男",
            "在职/在册": "在册",
            "社区": "第四社区",
            "小区": "梅园2期",
            "楼组": "4号楼",
        }
        for heading, column in headings.items():
            page.cell(row, column).value = person.get(heading, "")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_error_book_is_on_record(client: Client, community: Area, secretary: User) -> None:
    faulty = upload(client, sheet(cells("新人甲", 性别="")), community, name="花名册.csv")
    book = error_book(client, faulty)
    assert "错误说明" in [cell.value for cell in book.worksheets[0][1]]
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.row) == (secretary, str(faulty.pk))


@pytest.mark.parametrize("page", ["", "errors.xlsx", "places/"])
def test_after_a_change_of_the_key_the_file_is_asked_for_again(
    client: Client, community: Area, settings: Any, page: str
) -> None:
    roster_import = upload(client, sheet(cells("王芳", 性别="")), community)
    settings.LOUZU_PHONE_KEY = "ab" * 32
    told = client.get(f"/roster/{roster_import.pk}/{page}", follow=True)
    assert told.redirect_chain == [("/roster/", 302)]
    assert "原文件已经不能读取，请重新上传" in told.content.decode()


@pytest.mark.parametrize("name", ["apply", "apply-good", "choose"])
def test_no_step_is_taken_after_a_change_of_the_key(client: Client, community: Area, settings: Any, name: str) -> None:
    roster_import = upload(client, sheet(cells("王芳")), community)
    settings.LOUZU_PHONE_KEY = "ab" * 32
    told = client.post(f"/roster/{roster_import.pk}/{name}/", {"choice-1": "new"}, follow=True)
    assert "原文件已经不能读取，请重新上传" in told.content.decode()
    assert not Member.objects.exists()


def test_what_is_discarded_is_forgotten(client: Client, community: Area) -> None:
    gone = upload(client, sheet(cells("新人甲")), community, name="花名册.csv")
    step(client, gone, "discard")
    assert (gone.status, gone.content, gone.plan) == (Status.DISCARDED, None, None)
    assert not Member.objects.exists()
    answer = client.get(f"/roster/{gone.pk}/errors.xlsx", follow=True)
    assert "已经删除" in answer.content.decode()


def test_a_row_in_doubt_waits_for_an_answer(client: Client, community: Area, member: Member) -> None:
    doubtful = upload(client, sheet(cells("欧阳建国", 室号="")), community, name="花名册.csv")
    (row,) = plan_of(doubtful).rows
    page = shown(client, doubtful)
    assert "就是已登记的欧阳建国" in page
    assert "199****5678" in page
    assert "19900005678" not in page
    assert "先逐行选择" in step(client, doubtful, "apply")
    step(client, doubtful, "choose", **{f"choice-{row.key}": "new"})
    step(client, doubtful, "apply")
    assert Member.objects.filter(name="欧阳建国").count() == 2


def test_a_large_change_needs_a_tick(client: Client, community: Area) -> None:
    rows = [cells(called(number), 室号=str(number), 联系电话=f"199000{number:05d}") for number in range(12)]
    step(client, upload(client, sheet(*rows), community, name="花名册.csv"), "apply")
    changed = upload(client, sheet(*(row | {"特长": "书法"} for row in rows)), community, name="花名册.csv")
    assert "勾选" in step(client, changed, "apply")
    assert changed.status == Status.REVIEW
    step(client, changed, "apply", confirmed="on")
    assert (changed.status, Member.objects.filter(skills="书法").count()) == (Status.APPLIED, 12)


# What gets in between ------------------------------------------------------------------------------------------------
def test_progress_reloads_the_page_once_there_is_something_to_see(
    client: Client, community: Area, secretary: User
) -> None:
    busy = RosterImport.objects.create(area=community, user=secretary, file_name="花名册.csv", progress=10)
    answer = client.get(f"/roster/{busy.pk}/progress/")
    assert "hx-get" in answer.content.decode()
    assert "HX-Refresh" not in answer.headers
    assert "hx-get" in shown(client, busy)
    done = upload(client, sheet(cells("新人甲")), community, name="花名册.csv")
    answer = client.get(f"/roster/{done.pk}/progress/")
    assert (answer.headers["HX-Refresh"], "hx-get" in answer.content.decode()) == ("true", False)


def test_pressing_twice_writes_once(client: Client, community: Area) -> None:
    done = upload(client, sheet(cells("新人甲"), cells("新人乙", 室号="2")), community, name="花名册.csv")
    step(client, done, "apply")
    assert "已经处理过了" in step(client, done, "apply")
    assert (Member.objects.count(), AuditEntry.objects.filter(action="import").count()) == (2, 1)
    step(client, done, "undo")
    assert "已撤销" in step(client, done, "undo")
    assert AuditEntry.objects.filter(action="undo").count() == 1


TRANSITIONS = ("apply", "apply-good", "choose", "discard", "undo")
OPEN_MOVES = {"review": {"apply", "apply-good", "choose", "discard"}, "applied": {"undo"}}


@pytest.mark.parametrize("status", ["reading", "refused", "applying", "applied", "undone", "discarded", "failed"])
@pytest.mark.parametrize("move", TRANSITIONS)
def test_a_step_that_is_not_next_is_refused_in_a_sentence(
    client: Client, community: Area, status: str, move: str
) -> None:
    if move in OPEN_MOVES.get(status, ()):
        return
    late = preview(sheet(cells("新人甲")), community, User.objects.get(username="shuji1"))
    moment = timezone.now()
    values = {"applied_at": moment} if status in ("applied", "undone") else {}
    values |= {"undone_at": moment} if status == "undone" else {}
    plan = late.plan if status == "applying" else None
    RosterImport.objects.filter(pk=late.pk).update(status=status, plan=plan, beat_at=moment, **values)
    before = everything()
    answer = client.post(f"/roster/{late.pk}/{move}/", {"choice-csv!2": "skip"}, follow=True)
    assert answer.status_code == 200
    assert [str(message) for message in answer.context["messages"]]
    late.refresh_from_db()
    assert (late.status, everything()) == (status, before)


@pytest.mark.parametrize("status", [Status.READING, Status.APPLYING])
@pytest.mark.parametrize("first", ["", "progress/"])
def test_an_import_whose_worker_was_killed_says_so(
    client: Client, community: Area, secretary: User, status: str, first: str
) -> None:
    lost = preview(sheet(cells("新人甲")), community, secretary)
    silent = timezone.now() - SILENCE - timedelta(seconds=1)
    RosterImport.objects.filter(pk=lost.pk).update(status=status, beat_at=silent)
    client.get(f"/roster/{lost.pk}/{first}")
    assert INTERRUPTED.format("花名册") in shown(client, lost)
    lost.refresh_from_db()
    assert (lost.status, lost.content, lost.plan) == (Status.FAILED, None, None)
    assert not Member.objects.exists()


def test_an_import_at_work_is_left_alone(client: Client, community: Area, secretary: User) -> None:
    busy = preview(sheet(cells("新人甲")), community, secretary)
    RosterImport.objects.filter(pk=busy.pk).update(status=Status.APPLYING, beat_at=timezone.now())
    assert INTERRUPTED.format("花名册") not in shown(client, busy)


def test_rows_that_moved_meanwhile_come_back_for_another_look(client: Client, community: Area, member: Member) -> None:
    row = cells(
        "欧阳建国",
        联系电话="19900005678",
        特长="书法",
        室号="302",
        **{"在职/在册": "在职", "工作单位": "上海嘉定仪表厂"},
    )
    stale = upload(client, sheet(row), community, name="花名册.csv")
    assert stale.counts["changed"] == 1
    member.skills = "摄影"
    member.save()
    assert "被别人改动了" in step(client, stale, "apply")
    assert (stale.status, Member.objects.get(pk=member.pk).skills) == (Status.REVIEW, "摄影")
    step(client, stale, "apply")
    assert (stale.status, Member.objects.get(pk=member.pk).skills) == (Status.APPLIED, "书法")


def test_what_was_edited_since_stays_and_is_listed(client: Client, community: Area) -> None:
    done = upload(client, sheet(cells("新人甲"), cells("新人乙", 室号="2")), community, name="花名册.csv")
    step(client, done, "apply")
    edited = Member.objects.get(name="新人甲")
    edited.skills = "书法"
    edited.save()
    page = step(client, done, "undo")
    assert f'href="/members/{edited.pk}/"' in page
    assert list(Member.objects.values_list("name", flat=True)) == ["新人甲"]


def ended(user: User) -> None:
    user.roles.update(until=timezone.localdate())


def test_whose_post_ended_after_the_upload_applies_nothing(client: Client, community: Area, secretary: User) -> None:
    late = upload(client, sheet(cells("新人甲")), community, name="花名册.csv")
    ended(secretary)
    for move in TRANSITIONS:
        assert client.post(f"/roster/{late.pk}/{move}/").status_code in (302, 403, 404)
    late.refresh_from_db()
    assert (late.status, Member.objects.count()) == (Status.REVIEW, 0)


def test_a_post_that_ended_while_the_job_was_queued_writes_nothing(
    client: Client, logged_in: Any, community: Area, secretary: User, street_officer: User
) -> None:
    late = upload(client, sheet(cells("新人甲")), community, name="花名册.csv")
    late.advance(Status.APPLYING)
    ended(secretary)
    steps.apply_step(RosterImport.objects.get(pk=late.pk), only_good=False)
    late.refresh_from_db()
    assert (late.status, late.message, Member.objects.count()) == (Status.FAILED, LOCKED_OUT, 0)
    assert LOCKED_OUT in shown(logged_in(street_officer), late)
    assert (late.content, late.plan) == (None, None), "nobody can use the file any more, so it is not kept"


def test_who_follows_in_the_post_applies_what_was_left(
    client: Client, logged_in: Any, community: Area, secretary: User
) -> None:
    left = upload(client, sheet(cells("新人甲")), community, name="花名册.csv")
    ended(secretary)
    successor = factories.official("xinshuji", PostKind.SECRETARY, community)
    step(logged_in(successor), left, "apply")
    assert (left.status, Member.objects.count()) == (Status.APPLIED, 1)
