"""Links between pages lead somewhere, and every page can be found."""

import re
from pathlib import Path

import pytest

from newsmoe import Registry
from tests.docs.pages import FOLDER, PAGES, README, ROOT, anchors, read, without_blocks

LINKS = [
    (page, target)
    for page in [*PAGES, ROOT / "llms.txt"]
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(read(page)))
    if not re.match(r"https?://", target)
]
DOCS = {path.relative_to(FOLDER).as_posix() for path in PAGES if FOLDER in path.parents}


@pytest.mark.parametrize(("page", "target"), LINKS, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_links(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    linked = (page.parent / path).resolve() if path else page
    assert linked.exists()
    assert FOLDER not in page.parents or FOLDER in linked.parents, "the site has no files outside of docs/"
    assert not anchor or anchor in anchors(read(linked))


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(re.findall(r": (\S+\.md)$", read(ROOT / "mkdocs.yml"), re.MULTILINE)) == sorted(DOCS)


@pytest.mark.parametrize("index", [README, ROOT / "llms.txt"], ids=["README", "llms"])
def test_every_page_is_linked(index: Path) -> None:
    linked = {target.partition("#")[0].removeprefix("docs/") for page, target in LINKS if page == index}
    included = {"contributing.md", "security.md"} if index == README else set()
    assert linked >= DOCS - included


def test_every_expert_is_named() -> None:
    text = read(FOLDER / "experts.md")
    assert [name for name in Registry(plugins=False).experts if f"`{name}`" not in text] == []
