"""What the pages say of the code is what the code says now; `make docs` writes it."""

from inspect import cleandoc
from pathlib import Path

import pytest

from tests.docs.docstrings import markdown
from tests.docs.generate import PARTS, filled
from tests.docs.pages import PAGES, ROOT, read
from tests.docs.transcripts import told, without_scores

WITH_PARTS = [page for page in PAGES if "<!-- generated: " in read(page)]
WITH_TRANSCRIPTS = [page for page in PAGES if "\n```console\n" in read(page)]


@pytest.mark.parametrize("page", WITH_PARTS, ids=lambda page: page.name)
def test_generated_parts_are_as_the_code_makes_them(page: Path) -> None:
    assert filled(read(page)) == read(page), f"run `make docs` to update {page.relative_to(ROOT)}"


def test_every_part_is_on_a_page() -> None:
    text = "".join(map(read, WITH_PARTS))
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_TRANSCRIPTS, ids=lambda page: page.name)
def test_commands_print_what_the_pages_show(page: Path, workdir: Path) -> None:
    for shown, printed in told(page, workdir):
        assert without_scores(printed) == without_scores(shown), "run `make docs`"


def test_a_docstring_in_markdown() -> None:
    docstring = """Read it.

    More of it, that has:
        one: the first,
            in two lines.

    Do it so:

        run(it)

    Args:
        path: where.
    """
    assert markdown(cleandoc(docstring)) == (
        "Read it.\n\nMore of it, that has:\n\n- `one`: the first, in two lines.\n\n"
        "Do it so:\n\n```text\nrun(it)\n```\n\n"
        "**Args:**\n\n- `path`: where."
    )
