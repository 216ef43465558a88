"""Write the generated parts of the pages: `python -m tests.docs.generate`.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. The outputs of the commands in `console`
blocks are written with `--transcripts`, which needs the weights of the backbone.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.docs import docstrings, reference, transcripts
from tests.docs.pages import PAGES, ROOT, read
from tests.ingest import shapes

PARTS: dict[str, Callable[[], str]] = {
    "after": reference.after,
    "api": docstrings.api,
    "commands": reference.commands,
    "conditions": reference.conditions,
    "contributing": lambda: read(ROOT / "CONTRIBUTING.md").strip(),
    "rules": reference.rules,
    "schemas": reference.schemas,
    "security": lambda: read(ROOT / "SECURITY.md").strip(),
    "settings": reference.settings,
    "sources": shapes.table,
}
_PART = re.compile(r"^(<!-- generated: ([a-z]+) -->\n).*?^(<!-- end -->)$", re.DOTALL | re.MULTILINE)


@cache
def part(name: str) -> str:
    return PARTS[name]()


def filled(text: str) -> str:
    """Return the text of a page with its generated parts as they should be."""
    return _PART.sub(lambda match: f"{match[1]}\n{part(match[2])}\n\n{match[3]}", text)


def update(page: Path, text: str) -> None:
    if text != read(page):
        page.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{page}\n")


def main(arguments: list[str]) -> None:
    """Write every page whose generated parts have changed, and print its path."""
    for page in PAGES:
        update(page, filled(read(page)))
        if "--transcripts" in arguments:
            update(page, transcripts.refreshed(page))


if __name__ == "__main__":
    main(sys.argv[1:])
