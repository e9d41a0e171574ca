"""The monthly report as a workbook with typed cells: figures, formulas, changes, corrections."""

from collections.abc import Iterator
from typing import Any

from louzu.documents.monthly import MonthlyContent
from louzu.rules.monthly_names import BY_NAME, FIGURES
from members.ground.export import ExportSheet, formulas_sheet, workbook_of

HEADINGS = ("区域", *(figure.label for figure in FIGURES))
SHARES = {index: "0.0%" for index, figure in enumerate(FIGURES, start=1) if figure.of}


def workbook_of_month(content: MonthlyContent, figures: dict[str, Any]) -> bytes:
    """Return the .xlsx; shares are numbers with a format, so that they can be reckoned with."""
    above = _above(content)
    corrections = [
        (each["month"], each["area"], BY_NAME[each["figure"]].label, each["was"], each["now"])
        for each in figures["corrections"]
    ]
    rows = figures["rows"]
    sheets = [
        ExportSheet("月报", HEADINGS, _rows(rows, "figures"), SHARES, above),
        formulas_sheet((figure.label, figure.formula) for figure in FIGURES),
        ExportSheet("比上月", HEADINGS, _rows(rows, "month_change"), SHARES, above),
        ExportSheet("比去年同月", HEADINGS, _rows(rows, "year_change"), SHARES, above),
        ExportSheet("更正", ("月份", "区域", "数字", "原来", "现在"), corrections, {}),
    ]
    return workbook_of(sheets)


def _above(content: MonthlyContent) -> list[str]:
    return [
        content.title,
        f"月份：{content.month}" + (f"（{content.days}）" if content.days else ""),
        f"填报单位：{content.unit}　填表人：{content.made_by}　审核人：　　　　日期：{content.made_on}",
        "".join(content.paragraph),
    ]


def _rows(rows: list[dict[str, Any]], of: str) -> Iterator[list[Any]]:
    """Yield a row for each area and one for the whole, which stands last."""
    for row in [*rows[1:], rows[0]]:
        yield [row["area"], *(row[of][figure.name] for figure in FIGURES)]
