"""All that is held about a member, on paper for them."""

from pathlib import Path
from typing import Any

from activities.documents.typesetting import printable, typeset

FOLDER = Path(__file__).parent
NAME = "{name}-本人资料-{day}.{kind}"


def own_file_pdf(content: dict[str, Any]) -> bytes:
    """Return the file as pages of A4; `content` is what `louzu.rules.own_file` made."""
    return typeset("own_file", _printable(content), folder=FOLDER)


def file_name(content: dict[str, Any], kind: str) -> str:
    return NAME.format(name=content["name"], day=content["made_at"][:10], kind=kind)


def _printable(value: Any) -> Any:
    """Return the content with every text fit to print; a line break stays one."""
    if isinstance(value, str):
        return "\n".join(map(printable, value.splitlines()))
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list | tuple) else value
