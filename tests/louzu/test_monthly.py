"""The monthly report is made by one click, written on, closed and handed on, the same on page, paper and API."""

import io
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone
from docx import Document
from openpyxl import load_workbook

from activities.ground.periods import month_before
from louzu.documents import making
from louzu.models import MonthlyFile, MonthlyReport
from louzu.models.monthly import INTERRUPTED, LONGEST_TEXT, last_day_of
from louzu.rules import monthly
from louzu.rules.monthly_names import FIGURES
from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.racing import raced

TODAY = timezone.localdate()
THIS_MONTH = TODAY.replace(day=1)
LAST_MONTH = month_before(THIS_MONTH)
CODE = f"{LAST_MONTH:%Y-%m}"
KINDS = ("pdf", "xlsx", "docx")


@pytest.fixture
def busy(member: Member, other_member: Member, street: Area) -> None:
    """A month with an activity of each tier."""
    for number, area in enumerate(Area.objects.order_by("path")):
        factories.activity(area, title=f"会{number}", held_on=LAST_MONTH + timedelta(days=number))


@pytest.fixture
def report(busy: None, street: Area, street_officer: User) -> MonthlyReport:
    return fresh(making.make(street, LAST_MONTH, by=street_officer))


@pytest.fixture
def office(logged_in: Any, street_officer: User) -> Client:
    return logged_in(street_officer)


def fresh(report: MonthlyReport) -> MonthlyReport:
    return MonthlyReport.objects.select_related("area", "made_by").get(pk=report.pk)


def url(report: MonthlyReport, page: str = "") -> str:
    return f"/monthly/{report.area_id}/{report.code}/{page}"


def files(client: Client, report: MonthlyReport) -> dict[str, bytes]:
    return {kind: client.get(url(report, f"report.{kind}")).content for kind in KINDS}


def text_of(kind: str, content: bytes) -> str:
    """All that a file says, without blanks."""
    if kind == "pdf":
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    elif kind == "docx":
        document = Document(io.BytesIO(content))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        text = "".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    else:
        book = load_workbook(io.BytesIO(content))
        text = "".join(str(value) for sheet in book for row in sheet.values for value in row if value is not None)
    return "".join(text.split())


# Made ----------------------------------------------------------------------------------------------------------------
def test_one_click_makes_and_shows_it(office: Client, busy: None, street: Area) -> None:
    start = office.get("/monthly/", follow=True)
    assert start.redirect_chain[-1][0] == f"/monthly/{street.pk}/"
    assert f"生成{LAST_MONTH.month}月月报" in start.content.decode()
    page = office.post(f"/monthly/{street.pk}/make/", {"month": CODE}, follow=True)
    assert page.redirect_chain[-1][0] == f"/monthly/{street.pk}/{CODE}/"
    report = MonthlyReport.objects.get()
    assert (report.status, report.progress, report.made_by.username) == ("ready", 100, "jiedao")
    told = page.content.decode()
    assert "下载 PDF" in told
    assert "街道本级" in told
    assert "第二社区" in told


def test_page_files_and_api_bear_the_same_figures(office: Client, api: Any, street_officer: User, report: Any) -> None:
    figures = api(street_officer).get(f"/api/v1/monthly-reports/{report.pk}").json()["figures"]
    assert figures == report.figures
    page, kept = office.get(url(report)), files(office, report)
    texts = {kind: text_of(kind, content) for kind, content in kept.items()}
    for row in figures["rows"]:
        shown = {each.name: each.shown(row["figures"][each.name]) for each in FIGURES if each.table}
        lines = [line for table in page.context["content"].tables for line in table.lines if line.name == row["area"]]
        on_page = {cell.value for line in lines for cell in line.cells if cell.value}
        assert on_page <= set(shown.values())
        assert row["area"] in texts["pdf"]
        assert row["area"] in texts["docx"]
    sheet = list(load_workbook(io.BytesIO(kept["xlsx"]))["月报"].values)
    head = next(index for index, values in enumerate(sheet) if values[0] == "区域")
    rows = {values[0]: values[1:] for values in sheet[head + 1 :]}
    for row in figures["rows"]:
        assert list(rows[row["area"]]) == [row["figures"][each.name] for each in FIGURES]
    for text in texts.values():
        assert "".join(report.paragraph.split()) in text
        assert "填报单位：新成路街道" in text
        assert "填表人：街道党工委" in text
        assert "审核人" in text
        assert "已建党小组的楼组÷楼组" in text


def test_the_workbook_has_title_typed_cells_and_formulas(office: Client, report: MonthlyReport) -> None:
    book = load_workbook(io.BytesIO(office.get(url(report, "report.xlsx")).content))
    assert book.sheetnames == ["月报", "公式", "比上月", "比去年同月", "更正"]
    sheet = book["月报"]
    assert sheet["A1"].value == "新成路街道楼组党建工作月报"
    assert sheet["A2"].value == f"月份：{LAST_MONTH.year}年{LAST_MONTH.month}月"
    last = next(row for row in sheet.iter_rows() if row[0].value == "合计")
    coverage = last[1 + [each.name for each in FIGURES].index("coverage")]
    assert (coverage.value, coverage.number_format) == (1, "0.0%")


def test_the_word_document_names_chinese_fonts_and_repeats_its_headings(office: Client, report: MonthlyReport) -> None:
    document = Document(io.BytesIO(office.get(url(report, "report.docx")).content))
    xml = document.element.xml
    assert 'w:eastAsia="宋体"' in xml
    assert 'w:eastAsia="黑体"' in xml
    assert xml.count("<w:tblHeader") == len(document.tables) == 2
    assert "PAGE" in document.sections[0].footer._element.xml


def test_the_pdf_has_two_pages(office: Client, report: MonthlyReport) -> None:
    answer = office.get(url(report, "report.pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert len(pypdf.PdfReader(io.BytesIO(answer.content)).pages) == 2


def test_no_member_is_named(office: Client, report: MonthlyReport) -> None:
    texts = [text_of(kind, content) for kind, content in files(office, report).items()]
    names = Member.objects.values_list("name", flat=True)
    assert [name for name in names for text in [*texts, repr(report.figures)] if name in text] == []


def test_a_running_month_is_a_draft_up_to_today(office: Client, busy: None, street: Area, street_officer: User) -> None:
    report = fresh(making.make(street, THIS_MONTH, by=street_officer))
    assert report.figures
    assert (report.figures["last"], report.is_whole) == (TODAY.isoformat(), False)
    assert f"截至{TODAY.month}月{TODAY.day}日" in office.get(url(report)).content.decode()
    told = office.post(url(report, "close/"), follow=True).content.decode()
    assert f"{TODAY.month}月还没有过完，过完以后才能定稿。" in told
    assert fresh(report).status == "ready"


def test_a_draft_of_the_running_month_is_made_anew_before_it_is_closed(
    report: MonthlyReport, street_officer: User
) -> None:
    assert report.figures
    MonthlyReport.objects.update(figures=report.figures | {"is_whole": False, "last": f"{CODE}-09"})
    with pytest.raises(ValidationError, match="现在的数字只到"):
        monthly.close(fresh(report), by=street_officer)


@pytest.mark.parametrize(
    ("month", "sentence"),
    [
        ("2026-13", "看不懂这个月份"),
        ("9999-01", "还没有到"),
        ("0000-01", "看不懂这个月份"),
        ("1999-12", "月份太早了"),
        ("十月", "看不懂这个月份"),
        ("", "看不懂这个月份"),
        (f"{TODAY.year + 1}-01", "还没有到"),
    ],
)
def test_a_month_that_cannot_be(
    office: Client, api: Any, street_officer: User, street: Area, month: str, sentence: str
) -> None:
    page = office.post(f"/monthly/{street.pk}/make/", {"month": month}, follow=True)
    assert sentence in page.content.decode()
    answer = api(street_officer).post(
        "/api/v1/monthly-reports", {"area": street.pk, "month": month or "x"}, format="json"
    )
    assert answer.status_code == 400
    assert sentence in "".join(answer.json()["errors"]["month"])
    assert office.get(f"/monthly/{street.pk}/{month or 'x'}/").status_code == 404
    assert not MonthlyReport.objects.exists()


def test_an_area_has_reports_of_its_own_time_alone(street: Area, street_officer: User) -> None:
    gone = factories.area("旧社区", street, until=LAST_MONTH)
    young = factories.area("新社区", street, since=THIS_MONTH)
    compound = factories.area("新村", young)
    for area, sentence in ((gone, "已经停用"), (young, "还没有启用"), (compound, "请选择街道或社区")):
        with pytest.raises(ValidationError, match=sentence):
            making.make(area, LAST_MONTH, by=street_officer)


def test_made_again_counts_anew(report: MonthlyReport, street: Area, street_officer: User) -> None:
    factories.activity(street, title="补登记的", held_on=LAST_MONTH)
    again = fresh(making.make(street, LAST_MONTH, by=street_officer))
    assert again.figures
    assert report.figures
    whole, before = again.figures["rows"][0]["figures"], report.figures["rows"][0]["figures"]
    assert whole["activities"] == before["activities"] + 1
    assert MonthlyFile.objects.count() == 3


def test_while_it_is_made_a_second_click_begins_nothing(street: Area, street_officer: User) -> None:
    report, is_begun = monthly.begin(street, LAST_MONTH, by=street_officer)
    assert is_begun
    entries = AuditEntry.objects.count()
    assert monthly.begin(street, LAST_MONTH, by=street_officer) == (report, False)
    assert AuditEntry.objects.count() == entries


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in")
def test_two_at_once_make_one(transactional_db: None) -> None:
    street = factories.area("新成路街道", division_code="310114001")
    officer = factories.official("jiedao", PostKind.STREET, street)
    ends = raced(*[lambda: monthly.begin(street, LAST_MONTH, by=officer)] * 6)
    assert sorted(is_begun for _, is_begun in ends) == [False] * 5 + [True]
    assert MonthlyReport.objects.count() == 1


def test_what_fails_says_so_and_can_be_made_again(
    office: Client, street: Area, street_officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "pdf_of", lambda *_: 1 / 0)
    report, _ = monthly.begin(street, LAST_MONTH, by=street_officer)
    with pytest.raises(ZeroDivisionError):
        making.make_files.call(report.pk, True)
    assert making.FAILED in office.get(url(report)).content.decode()
    monkeypatch.undo()
    assert fresh(making.make(street, LAST_MONTH, by=street_officer)).status == "ready"


def test_a_making_whose_worker_died_is_given_up(office: Client, street: Area, street_officer: User) -> None:
    report, _ = monthly.begin(street, LAST_MONTH, by=street_officer)
    assert "正在排队" in office.get(url(report)).content.decode()
    MonthlyReport.objects.update(begun_at=timezone.now() - timedelta(hours=1))
    assert INTERRUPTED in office.get(url(report)).content.decode()
    making.make_files.call(report.pk, True)  # one that comes too late makes nothing
    assert fresh(report).status == "failed"


# Written on ----------------------------------------------------------------------------------------------------------
def test_the_office_s_paragraph_is_in_all_files(office: Client, report: MonthlyReport) -> None:
    figures = report.figures
    office.post(url(report, "text/"), {"text": "本月重点是垃圾分类。\n各社区都开了会。"})
    changed = fresh(report)
    assert (changed.status, changed.figures) == ("ready", figures)
    for kind, content in files(office, changed).items():
        assert "本月重点是垃圾分类。" in text_of(kind, content)
    entry = AuditEntry.objects.filter(model="louzu.MonthlyReport", action="change", changes__has_key="text").latest(
        "pk"
    )
    assert "垃圾" not in repr(entry.changes)
    office.post(url(report, "text/"), {"text": ""})
    assert fresh(report).paragraph == (figures or {})["summary"]


def test_the_same_paragraph_changes_nothing(report: MonthlyReport, street_officer: User) -> None:
    assert not monthly.write_text(report, report.paragraph, by=street_officer)
    assert monthly.write_text(report, "写一段。", by=street_officer)


def test_too_long_a_paragraph_stays_in_the_form(office: Client, report: MonthlyReport) -> None:
    page = office.post(url(report, "text/"), {"text": "长" * (LONGEST_TEXT + 1)}).content.decode()
    assert f"情况说明最多 {LONGEST_TEXT} 个字" in page
    assert "长" * 99 in page
    assert "不写任何人的姓名" in page


# Closed --------------------------------------------------------------------------------------------------------------
def test_nobody_writes_over_or_closes_what_they_did_not_see(
    office: Client, report: MonthlyReport, street: Area, street_officer: User
) -> None:
    page = f"/monthly/{street.pk}/{report.code}/"
    seen = {"seen": report.seen_as}
    assert report.seen_as in office.get(page).content.decode()
    assert report.seen_as in office.get(f"{page}close/").content.decode()
    making.rewrite(report, "同事先写的一段。", by=street_officer)
    told = office.post(f"{page}text/", seen | {"text": "后来的一段。"}).content.decode()
    assert [each in told for each in ("刚刚重新生成过", "后来的一段。", "同事先写的一段。")] == [True] * 3
    assert "刚刚重新生成过" in office.post(f"{page}close/", seen, follow=True).content.decode()
    report.refresh_from_db()
    assert (report.text, report.is_closed) == ("同事先写的一段。", False)
    office.post(f"{page}text/", {"seen": report.seen_as, "text": "两段合起来。"})
    report.refresh_from_db()
    assert report.text == "两段合起来。"
    office.post(f"{page}close/", {"seen": report.seen_as})
    report.refresh_from_db()
    assert report.is_closed


def test_a_closed_report_stays_byte_for_byte(office: Client, report: MonthlyReport, street: Area, group: Area) -> None:
    before = files(office, report)
    assert "定稿？" in office.get(url(report, "close/")).content.decode()
    office.post(url(report, "close/"))
    closed = fresh(report)
    assert (closed.status, closed.closed_by.username, len(closed.digest)) == ("closed", "jiedao", 64)
    assert AuditEntry.objects.filter(changes__sha256=closed.digest).exists()
    factories.activity(group, title="补登记的", held_on=LAST_MONTH)
    group.name = "改名楼"
    group.save()
    refused = [
        office.post(f"/monthly/{street.pk}/make/", {"month": CODE}, follow=True),
        office.post(url(report, "text/"), {"text": "再写一段"}, follow=True),
        office.post(url(report, "close/"), follow=True),
    ]
    sentences = ["已经定稿，不能再改"] * 2 + ["已经定稿了，不用再定一次"]
    assert [sentence in page.content.decode() for sentence, page in zip(sentences, refused, strict=True)] == [True] * 3
    assert files(office, report) == before
    assert monthly.digest_of(fresh(report)) == closed.digest


def test_the_next_report_corrects_it(office: Client, report: MonthlyReport, group: Area, street: Area) -> None:
    office.post(url(report, "close/"))
    factories.activity(group, title="补登记的", held_on=LAST_MONTH)
    page = office.post(f"/monthly/{street.pk}/make/", {"month": f"{THIS_MONTH:%Y-%m}"}, follow=True).content.decode()
    told = f"更正：{LAST_MONTH.month}月 第一社区 活动"
    assert told in page
    this = MonthlyReport.objects.get(month=THIS_MONTH)
    for kind in ("pdf", "docx"):
        assert "".join(told.split()) in text_of(kind, office.get(url(this, f"report.{kind}")).content)
    assert "补" not in page.split("更正")[1][:200]


def test_downloads_are_in_the_trail(office: Client, report: MonthlyReport, street: Area) -> None:
    for kind in KINDS:
        office.get(url(report, f"report.{kind}"))
    entries = AuditEntry.objects.filter(action="export", model="louzu.MonthlyReport", area_path=street.path)
    assert [entry.changes["file"] for entry in entries.order_by("pk")] == list(KINDS)
    digests = dict(MonthlyFile.objects.values_list("kind", "digest"))
    assert {entry.changes["file"]: entry.changes["sha256"] for entry in entries} == digests


def test_the_trail_holds_no_figures(report: MonthlyReport) -> None:
    entries = AuditEntry.objects.filter(model="louzu.MonthlyReport")
    assert entries.count() >= 2
    assert max(len(repr(entry.changes)) for entry in entries) < 1000


def test_a_report_holds_its_area(report: MonthlyReport) -> None:
    assert MonthlyReport._meta.get_field("area").remote_field.on_delete.__name__ == "PROTECT"
    with pytest.raises(ValidationError):
        MonthlyReport(area=report.area, month=date(2026, 2, 2), made_by=report.made_by).full_clean()
    assert last_day_of(date(2026, 2, 1)) == date(2026, 2, 28)


# Doors ---------------------------------------------------------------------------------------------------------------
def test_a_secretary_makes_their_own_community_s(
    logged_in: Any, secretary: User, community: Area, street: Area, other_community: Area
) -> None:
    client = logged_in(secretary)
    assert client.get("/monthly/").headers["Location"] == f"/monthly/{community.pk}/"
    assert client.post(f"/monthly/{community.pk}/make/", {"month": CODE}).status_code == 302
    assert MonthlyReport.objects.get().figures["unit"] == "新成路街道 第一社区"  # type: ignore[index]
    for area in (street, other_community):
        assert client.post(f"/monthly/{area.pk}/make/", {"month": CODE}).status_code == 404


def test_an_instructor_reads_it_and_makes_none(
    logged_in: Any, instructor: User, community: Area, secretary: User
) -> None:
    report = making.make(community, LAST_MONTH, by=secretary)
    client = logged_in(instructor)
    page = client.get(url(report)).content.decode()
    assert "下载 PDF" in page
    assert "重新生成" not in page
    assert client.get(url(report, "close/")).status_code == 403


def test_the_api_makes_writes_and_closes(api: Any, street_officer: User, street: Area, busy: None) -> None:
    client = api(street_officer)
    made = client.post("/api/v1/monthly-reports", {"area": street.pk, "month": CODE}, format="json")
    assert (made.status_code, made.json()["month"], made.json()["status"]) == (201, CODE, "ready")
    one = f"/api/v1/monthly-reports/{made.json()['id']}"
    text = client.post(f"{one}/text", {"text": "接口写的。"}, format="json").json()
    assert text["paragraph"] == "接口写的。"
    assert client.post(f"{one}/close").json()["status"] == "closed"
    again = client.post(f"{one}/close")
    assert (again.status_code, "已经定稿了" in again.json()["detail"]) == (409, True)
    assert client.get(f"{one}/files/pdf").content == bytes(MonthlyFile.objects.get(kind="pdf").content)
    assert client.get(f"{one}/files/exe").status_code == 404
    listed = client.get("/api/v1/monthly-reports?status=closed").json()["results"]
    assert [each["label"] for each in listed] == ["新成路街道"]
    assert "figures" not in listed[0]


def test_the_list_and_the_report_ask_few_queries(
    office: Client, report: MonthlyReport, django_assert_max_num_queries: Any, street: Area
) -> None:
    office.get("/monthly/")
    with django_assert_max_num_queries(14):
        office.get(f"/monthly/{street.pk}/")
    with django_assert_max_num_queries(14):
        office.get(url(report))


def test_refusals_are_conflicts_to_the_rule(report: MonthlyReport, street: Area, street_officer: User) -> None:
    monthly.close(report, by=street_officer)
    for act in (
        lambda: monthly.begin(street, LAST_MONTH, by=street_officer),
        lambda: monthly.write_text(report, "再写", by=street_officer),
        lambda: monthly.close(report, by=street_officer),
    ):
        with pytest.raises(Conflict):
            act()
