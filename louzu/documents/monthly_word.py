"""The monthly report as a Word document: the same text and tables, to be edited further where the office wants to."""

import io
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from louzu.documents.monthly import MonthlyContent, MonthlyTable

BODY, HEADING = "宋体", "黑体"  # on every office PC in China, and in WPS
NAME, FIGURE, TOTAL, CHANGE = "MonthlyName", "MonthlyFigure", "MonthlyTotal", "MonthlyChange"
QUIET = RGBColor(0x59, 0x59, 0x59)


def word_of(content: MonthlyContent) -> bytes:
    """Return the .docx on A4."""
    document = Document()
    _lay_out(document)
    _set(document.core_properties, content)
    _line(document, content.title, size=20, font=HEADING, centred=True)
    _line(document, f"（{content.month}）", size=12, centred=True)
    _line(document, f"填报单位：{content.unit}　　{content.days}", size=10.5)
    for text in content.paragraph:
        _line(document, text, size=12).paragraph_format.first_line_indent = Pt(24)
    for table in content.tables:
        _line(document, table.name, size=12, font=HEADING).paragraph_format.keep_with_next = True
        _table(document, table)
    _line(document, _signatures(content), size=10.5).paragraph_format.space_before = Pt(12)
    _lines(document, "更正：以前月报的数字，按现在的记录", content.corrections)
    _lines(document, "这些数字怎么算", [f"{name}：{formula}" for name, formula in content.formulas])
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _signatures(content: MonthlyContent) -> str:
    return f"填报单位：{content.unit}　　填表人：{content.made_by}　　审核人：＿＿＿＿＿＿　　日期：{content.made_on}"


def _lay_out(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(15)
    section.top_margin, section.bottom_margin = Mm(18), Mm(16)
    normal = document.styles["Normal"]
    _fonts(normal.element.get_or_add_rPr(), BODY)
    normal.paragraph_format.space_after = Pt(4)
    _add_styles(document.styles)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text, field in (("第 ", "PAGE"), (" 页，共 ", "NUMPAGES"), (" 页", "")):
        foot.add_run(text)
        if field:
            _field(foot.add_run(), field)


def _add_styles(styles: Any) -> None:
    """Add the styles of the tables' cells, so that the office can change all figures at once."""
    for name in (NAME, FIGURE, TOTAL):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style, style.font.size, style.font.bold = styles["Normal"], Pt(7.5), name == TOTAL
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT if name == NAME else WD_ALIGN_PARAGRAPH.RIGHT
    style = styles.add_style(CHANGE, WD_STYLE_TYPE.CHARACTER)
    style.font.size, style.font.bold, style.font.color.rgb = Pt(6), False, QUIET


def _set(properties: Any, content: MonthlyContent) -> None:
    properties.title, properties.author = f"{content.title} {content.month}", content.unit
    properties.comments, properties.language = "", "zh-CN"


def _line(document: Any, text: str, *, size: float, font: str = BODY, centred: bool = False) -> Any:
    paragraph = document.add_paragraph()
    _run(paragraph, text, size=size, font=font)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _lines(document: Any, heading: str, texts: list[str]) -> None:
    if texts:
        _line(document, heading, size=12, font=HEADING).paragraph_format.keep_with_next = True
    for text in texts:
        _line(document, text, size=9).paragraph_format.space_after = Pt(1)


def _run(paragraph: Any, text: str, *, size: float, font: str = BODY) -> None:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    _fonts(run._element.get_or_add_rPr(), font)


def _fonts(properties: Any, east_asian: str) -> None:
    """Name the font of Chinese text too: Word would choose one of its own."""
    fonts = properties.get_or_add_rFonts()
    for kind, name in (("ascii", "Times New Roman"), ("hAnsi", "Times New Roman"), ("eastAsia", east_asian)):
        fonts.set(qn(f"w:{kind}"), name)


def _field(run: Any, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._element.append(element)


def _table(document: Any, table: MonthlyTable) -> None:
    """Add a table whose heading is repeated on each page and whose rows are not broken."""
    rows = [[("区域", "", ""), *((label, "", "") for label in table.columns.values())]]
    rows += [[(line.name, "比上月", "比去年同月"), *line.cells] for line in table.lines]
    grid = document.add_table(rows=len(rows), cols=1 + len(table.columns))
    grid.style = "Table Grid"
    for number, (row, texts) in enumerate(zip(grid._tbl.tr_lst, rows, strict=True)):
        _flag(row, "w:cantSplit")
        if number == 0:
            _flag(row, "w:tblHeader")
        is_strong = number in (0, len(rows) - 1)
        for index, (cell, each) in enumerate(zip(row.tc_lst, texts, strict=True)):
            _fill(cell.p_lst[0], each, style=NAME if index == 0 else TOTAL if is_strong else FIGURE)


def _fill(paragraph: Any, texts: Any, *, style: str) -> None:
    """Fill in a cell's element by the ids of styles: through the objects around it a page would take seconds."""
    value, *changes = texts
    paragraph.style = style
    paragraph.add_r().text = value
    if any(changes):
        run = paragraph.add_r()
        run.style, run.text = CHANGE, "\n" + "\n".join(changes)


def _flag(row: Any, name: str) -> None:
    element = OxmlElement(name)
    element.set(qn("w:val"), "true")
    row.get_or_add_trPr().append(element)
