"""The pages of the documentation: README, `docs/`, and the files that `docs/` includes."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FOLDER = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *FOLDER.rglob("*.md")])

_BLOCK = re.compile(
    r"(?:^<!-- not checked: (?P<reason>.+?) -->\n+)?^```(?P<language>[a-z]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_GENERATED = re.compile(r"^<!-- generated: [a-z]+ -->\n.*?^<!-- end -->$", re.DOTALL | re.MULTILINE)


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


def without_generated(text: str) -> str:
    """Return the text of a page with as many empty lines where the generated parts are."""
    return _GENERATED.sub(lambda match: "\n" * match[0].count("\n"), text)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page that are not generated, in order."""
    text = without_generated(read(page))
    return [
        Block(page, text.count("\n", 0, match.start("language")) + 1, match["language"], match["text"], match["reason"])
        for match in _BLOCK.finditer(text)
    ]


def without_blocks(text: str) -> str:
    """Return the text of a page without its fenced blocks and code spans."""
    return re.sub(r"`[^`\n]+`", "`code`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


def example(page: Path, heading: str, language: str = "python") -> str:
    """Return the one block of a language below a heading of any level."""
    [section] = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", read(page), re.DOTALL | re.MULTILINE)
    [block] = re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return str(block)


def anchors(text: str) -> set[str]:
    """Return the names that links may have after `#`, for each heading of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
