"""The commands of README's chapter on deploying, as they stand there."""

import re

from tests.louzu.test_servers import ROOT


def commands(section: str, kind: str = "sh") -> list[list[str]]:
    """Return the lines of each block of commands in a section whose title begins so."""
    chapter = (ROOT / "README.md").read_text("utf-8").partition("\n## Deploy\n")[2].partition("\n## ")[0]
    text = next(part for part in chapter.split("\n### ") if part.startswith(section))
    return [block.splitlines() for block in re.findall(rf"^```{kind}\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)]
