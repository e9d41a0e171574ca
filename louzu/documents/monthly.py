"""What a monthly report says, the same on page and paper; and the paper itself, by typst."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.formats import date_format

from activities.documents.typesetting import paragraphs, printable, typeset
from louzu.models import MonthlyReport
from louzu.rules.monthly_counts import TIERS
from louzu.rules.monthly_figures import correction_sentence
from louzu.rules.monthly_names import BY_NAME, CHANGE_FORMULA, COVERED, FIGURES, HAPPENED, MonthlyFigure, columns
from members.models import Area

FOLDER = Path(__file__).parent
TITLE = "楼组党建工作月报"
PRINTED = 16  # corrections; the workbook has them all
TIER_LABELS = {name: f"{['街道', '社区', '小区', '楼组'][level - 1]}办" for level, name in TIERS.items()}


class MonthlyCell(NamedTuple):
    """A figure as text, and what it has grown by since the month before and the year before."""

    value: str
    month: str
    year: str


class MonthlyLine(NamedTuple):
    """A row of a table; `kind` is whole, own or part."""

    name: str
    kind: str
    cells: list[MonthlyCell]


class MonthlyTable(NamedTuple):
    """A table of the report: its columns by name, and a line for the whole, the area itself and each part."""

    name: str
    columns: dict[str, str]
    lines: list[MonthlyLine]


class MonthlyContent(NamedTuple):
    """The whole report as text. `days` says which days it covers where these are not the whole month."""

    title: str
    unit: str
    month: str
    days: str
    made_on: str
    made_by: str
    paragraph: list[str]
    tables: list[MonthlyTable]
    corrections: list[str]
    formulas: list[tuple[str, str]]


def content_of(
    report: MonthlyReport, figures: dict[str, Any] | None = None, *, made_on: date | None = None
) -> MonthlyContent:
    """Return what the report says; `figures` and `made_on` are those in the making, where they are not kept yet."""
    figures = figures or report.figures or {}
    level, month = Area.Level[figures["level"]], report.month
    last = date.fromisoformat(figures["last"])
    tables = [_table(name, figures, level, month.month) for name in (COVERED, HAPPENED)]
    shown = {name for table in tables for name in table.columns}
    return MonthlyContent(
        title=f"{figures['area']}{TITLE}",
        unit=figures["unit"],
        month=f"{month.year}年{month.month}月",
        days="" if figures["is_whole"] else f"截至{last.month}月{last.day}日，本月还没有过完",
        made_on=date_format(made_on or report.made_at or last, "Y年n月j日"),
        made_by=report.made_by.name,
        paragraph=paragraphs(report.text or figures["summary"]),
        tables=tables,
        corrections=[correction_sentence(each) for each in figures["corrections"]],
        formulas=[(each.label, each.formula) for each in FIGURES if each.name in shown] + [("增减", CHANGE_FORMULA)],
    )


def _table(name: str, figures: dict[str, Any], level: int, month: int) -> MonthlyTable:
    chosen = list(columns(level, month, name))
    rows = [*figures["rows"][1:], figures["rows"][0]]  # the whole stands last
    lines = [
        MonthlyLine(
            printable(row["area"]),
            row["kind"],
            [_cell(each, row) for each in chosen],
        )
        for row in rows
    ]
    lines = [line for line in lines if any(cell.value for cell in line.cells)]
    return MonthlyTable(name, {each.name: each.label for each in chosen}, lines)


def _cell(figure: MonthlyFigure, row: dict[str, Any]) -> MonthlyCell:
    """Return a figure of a row; it is blank where the area itself never has one, such as members."""
    value, *grown = (row[of][figure.name] for of in ("figures", "month_change", "year_change"))
    if row["kind"] == "own" and not value and not any(grown):
        return MonthlyCell("", "", "")
    return MonthlyCell(figure.shown(value), *map(figure.shown_change, grown))


def pdf_of(content: MonthlyContent, figures: dict[str, Any]) -> bytes:
    """Return the report on A4: the table in front, pictures and formulas overleaf."""
    rest = len(content.corrections) - PRINTED
    more = [f"还有 {rest} 处更正，见 Excel 文件的“更正”表。"] if rest > 0 else []
    data = content._asdict() | {
        "tables": [_printed(table) for table in content.tables],
        "corrections": _halves(content.corrections[:PRINTED] + more),
        "formulas": _halves(content.formulas),
        "unit": printable(content.unit),
        "made_by": printable(content.made_by),
        "line": line_of(figures),
        "bars": [bars_of(figures, name) for name in ("participation", "weeks_share")],
    }
    return typeset("monthly", data, folder=FOLDER)


def _halves(lines: list[Any]) -> list[list[Any]]:
    """Return the lines in two columns; none where there are no lines."""
    half = (len(lines) + 1) // 2
    return [lines[:half], lines[half:]] if lines else []


def _printed(table: MonthlyTable) -> dict[str, Any]:
    lines = [line._asdict() | {"cells": [list(cell) for cell in line.cells]} for line in table.lines]
    return {"name": table.name, "columns": list(table.columns.values()), "lines": lines}


def line_of(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the picture of twelve months: activities by the tier that held them."""
    level = Area.Level[figures["level"]]
    tiers = [name for tier, name in TIERS.items() if tier >= level]
    months = [
        {"label": f"{int(each['month'][5:])}月", "counts": [each[name] for name in tiers]} for each in figures["months"]
    ]
    return {"title": "近 12 个月的活动（次）", "tiers": [TIER_LABELS[name] for name in tiers], "months": months}


def bars_of(figures: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the picture of a share: a bar for each area one level down, in the order of the table."""
    figure = BY_NAME[name]
    assert figure.of
    bars = [
        {
            "label": printable(row["area"]),
            "share": row["figures"][name],
            "text": figure.shown(row["figures"][name]),
            "of": " / ".join(f"{row['figures'][each]:,}" for each in figure.of),
        }
        for row in figures["rows"]
        if row["kind"] == "part"
    ]
    titles = {"participation": "本月参加过活动的党员", "weeks_share": "小区每周活动：已办的周"}
    return {"title": titles[name], "bars": bars}
