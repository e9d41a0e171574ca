"""The heaviest workbooks that are allowed, made quickly, and what reading one takes in a process of its own."""

import subprocess
import sys
from pathlib import Path

import orjson

from members.roster.headings import HEADINGS
from tests.members.roster.test_workbook import MAIN, SHEET, rebuilt, small, with_cells

ROOT = Path(__file__).resolve().parents[3]
MEASURE = """
import os, re, resource, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from datetime import date
from members.roster.reading import read_roster
from members.roster.refusal import UnreadableFile
# The kernel's own mark: what getrusage says of a process begins with what the process that started it had.
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) >> 10
content = sys.stdin.buffer.read()
base = peak()
try:
    said = len(read_roster(content, today=date(2026, 11, 28)).entries)
except UnreadableFile as refusal:
    said = refusal.sentence
import orjson
mine, child = peak() - base, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
sys.stdout.buffer.write(orjson.dumps([said, mine, child]))
"""


def measured(content: bytes) -> tuple[int | str, int, int]:
    """How many entries (or the refusal), what the parent took beyond its base, and the child in all, in MiB."""
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, input=content, stdout=subprocess.PIPE, cwd=ROOT, check=True)
    said, mine, child = orjson.loads(done.stdout)
    return said, mine, child


NAMES = [names[0] for names in HEADINGS.values()]
ROWS = 19_990
ONE = "<c><v>1</v></c>"


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def shared(number: int) -> str:
    return f'<c t="s"><v>{number}</v></c>'


def lines(heading: list[str], row: str, rows: int = ROWS) -> str:
    """A row of these headings and so many of this one; cells stand one after the other, without a place."""
    return f"<row>{''.join(map(text, heading))}</row>" + f"<row>{row}</row>" * rows


def wide() -> bytes:
    """Numbers in all of 200 columns."""
    return with_cells(lines(["姓名", "性别"], ONE * 200))


def repeated() -> bytes:
    """One text of the file's table of texts in 100 columns of each row."""
    strings = f'<sst {MAIN} count="1" uniqueCount="1"><si><t>上海大众</t></si></sst>'
    cells = lines(["姓名", "性别"], shared(0) * 100)
    sheet = f"<worksheet {MAIN}><sheetData>{cells}</sheetData></worksheet>"
    return rebuilt(small(), {SHEET: sheet.encode(), "xl/sharedStrings.xml": strings.encode()})


def full(rows: int = ROWS, length: int = 6) -> bytes:
    """Under every heading that is read a text that no field takes, each of them another one."""
    texts = (f"错{number:0{length}}" for number in range(rows * len(NAMES)))
    cells = ("".join(text(next(texts)) for _ in NAMES) for _ in range(rows))
    return with_cells(lines(NAMES, "", 0) + "".join(f"<row>{row}</row>" for row in cells))


def sparse() -> bytes:
    """Little more than a heading and one cell in the far corner."""
    return with_cells(
        lines(["姓名", "性别"], text("王芳") + text("女"), 9) + '<row r="60000"><c r="GR60000"><v>1</v></c></row>'
    )


def usual() -> bytes:
    """20,000 people, each with a name, phone, room and skills of their own."""
    given = [f"王{chr(0x4E00 + n % 9000)}{chr(0x4E00 + n // 9000)}" for n in range(ROWS)]
    rows = (
        {
            "姓名": name,
            "性别": "男",
            "手机": f"199{n:08}",
            "在职/在册": "在册",
            "室号": f"{n}室",
            "特长": f"书法、{name}",
        }
        for n, name in enumerate(given)
    )
    body = "".join(f"<row>{''.join(map(text, row.values()))}</row>" for row in rows)
    return with_cells(lines(["姓名", "性别", "手机", "在职/在册", "室号", "特长"], "", 0) + body)


def tall() -> bytes:
    """As many cells with a text of their own as may be inflated, in as many rows as may be looked at."""
    strings = f'<sst {MAIN} count="1" uniqueCount="1"><si><t>上海大众</t></si></sst>'
    cells = lines(["姓名", "性别"], shared(0) * 84, 59_990)
    sheet = f"<worksheet {MAIN}><sheetData>{cells}</sheetData></worksheet>"
    return rebuilt(small(), {SHEET: sheet.encode(), "xl/sharedStrings.xml": strings.encode()})


def commas() -> bytes:
    """A text file of the largest size, one letter in it from outside the plane that most letters are of."""
    row = ",".join(["a" * 24] * len(NAMES))
    return "\n".join([",".join(NAMES), "😀", *[row] * 19_000]).encode()
