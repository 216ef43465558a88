"""The pages of the documentation: README, `docs/`, and the files that `docs/` includes."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FOLDER = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *FOLDER.rglob("*.md")])

_BLOCK = re.compile(
    r"(?:^<!-- not checked: (?P<reason>.+?) -->\n+)?^```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


class Block(NamedTuple):
    """A fenced block of a page; with a reason, it is not checked."""

    page: Path
    line: int
    language: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = read(page)
    return [
        Block(page, text.count("\n", 0, match.start("language")) + 1, match["language"], match["text"], match["reason"])
        for match in _BLOCK.finditer(text)
    ]


def without_blocks(text: str) -> str:
    """Return the text of a page without its fenced blocks and code spans."""
    return re.sub(r"`[^`\n]+`", "`code`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


def section(page: Path, heading: str) -> str:
    """Return what stands below a heading of a page, up to the next one of any level."""
    [text] = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", read(page), re.DOTALL | re.MULTILINE)
    return str(text)


def examples(page: Path, heading: str, language: str) -> list[str]:
    """Return the blocks of a language below a heading."""
    return re.findall(rf"^```{language}\n(.*?)^```", section(page, heading), re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the names that links may have after `#`, for each heading of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
