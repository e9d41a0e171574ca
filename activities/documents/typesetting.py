"""Typst with the product's own fonts, independent of those installed on the machine."""

import unicodedata
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
import typst
from pylopdf_fonts_zh_cn import sans_path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent  # templates import by their path from here
ONE_AT_A_TIME = Lock()  # the booklet of a whole street takes half a second and 200 MB of memory
MOTTO = "群众有需求　党员能做到"  # the paper, part one


@cache
def _fonts() -> typst.Fonts:
    folder = str(sans_path().parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def typeset(template: str, data: dict[str, Any], *, folder: Path = FOLDER) -> bytes:
    """Return the PDF of a folder's template with this data; call it outside any transaction."""
    source = folder / f"{template}.typ"
    inputs = {"data": orjson.dumps(data).decode()}
    with ONE_AT_A_TIME:
        return typst.compile(source, root=ROOT, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)


def printable(text: str) -> str:
    """Return the text without control characters, such as those that turn the direction of reading."""
    return "".join(sign for sign in text if unicodedata.category(sign) not in {"Cc", "Cf"})


def paragraphs(text: str) -> list[str]:
    return [line for line in map(printable, map(str.strip, text.splitlines())) if line]
