"""The manual and the employers' guide, read from docs/ and shown in the portal chapter by chapter."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from members.ground.text import narrow

DOCS = settings.BASE_DIR / "docs"
BOOKS = {"manual": "使用手册.md", "interface": "employer/接口指南.md"}
FOR_UNITS = {"收件箱"}  # chapters of the manual for an employer's contact, who sees nothing else of the portal
WORD = re.compile(r"\w+")
PREFACE = "说明"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its whole heading; `name`, the heading without its bracket, by which pages lead to it; its text."""

    heading: str
    name: str
    html: SafeString
    text: str

    @property
    def anchor(self) -> str:
        return self.name.replace(" ", "-")


class Pages(RendererHTML):
    """HTML in the portal's look: wide tables scroll, pictures and links lead to where the portal has them."""

    def softbreak(self, tokens: Sequence[Token], idx: int, options: object, env: object) -> str:
        return ""  # Chinese has no blank where a line ends

    def table_open(self, tokens: Sequence[Token], idx: int, options: object, env: object) -> str:
        return '<div class="lz-scroll"><table class="lz-table">'

    def table_close(self, tokens: Sequence[Token], idx: int, options: object, env: object) -> str:
        return "</table></div>"

    def image(self, tokens: Sequence[Token], idx: int, options, env) -> str:
        token = tokens[idx]
        path = DOCS / str(token.attrs["src"])
        if not path.is_file():
            return ""
        width, height = size_of(path)
        token.attrs["src"] = static(f"manual/{path.name}")
        token.attrs |= {"width": width, "height": height, "loading": "lazy"}
        return super().image(tokens, idx, options, env)

    def link_open(self, tokens: Sequence[Token], idx: int, options, env) -> str:
        if tokens[idx].attrs["href"] == BOOKS["interface"]:
            tokens[idx].attrs["href"] = reverse("help_interface")
        return self.renderToken(tokens, idx, options, env)


def size_of(picture: Path) -> tuple[int, int]:
    """Return width and height of a WebP picture as Chromium writes it, so that no page jumps while it loads."""
    with picture.open("rb") as file:
        head = file.read(30)
    if head[12:16] == b"VP8X":  # a container: each side less one, in three bytes
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


@cache
def chapters(book: str) -> list[Chapter]:
    """Return a book's chapters in order, first what stands before them; they change with the release alone."""
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=Pages).enable("table")
    markdown.normalizeLink = str  # type: ignore[assignment, method-assign]  # our own links have Chinese names
    tokens = markdown.parse((DOCS / BOOKS[book]).read_text("utf-8"))
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    ends = [*starts[1:], len(tokens)]
    preface = _chapter(markdown, PREFACE, tokens[3 : starts[0]])
    parts = [tokens[start:end] for start, end in zip(starts, ends, strict=True)]
    return [preface, *(_chapter(markdown, part[1].content, part[3:]) for part in parts)]


def _chapter(markdown: MarkdownIt, heading: str, tokens: list[Token]) -> Chapter:
    text = "\n".join([heading, *(token.content for token in tokens if token.content)])
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Chapter(heading, heading.partition("（")[0], mark_safe(html), narrow(text).casefold())  # noqa: S308


def found(among: list[Chapter], words: str) -> list[Chapter]:
    """Return the chapters in which each of the words occurs, those first that are called so."""
    terms = WORD.findall(narrow(words).casefold())
    hits = [chapter for chapter in among if terms and all(term in chapter.text for term in terms)]
    return sorted(hits, key=lambda chapter: not all(term in chapter.name.casefold() for term in terms))
