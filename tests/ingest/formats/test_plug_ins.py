"""Input formats of other packages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import ConfigError, InputError, PluginError
from newsmoe.ingest import formats
from newsmoe.ingest.discovery import find_inputs
from newsmoe.ingest.formats import READERS, format_of
from newsmoe.ingest.source import open_source
from newsmoe.plugins import Formats
from newsmoe.settings.model import Settings
from tests.ingest.support import POEMS
from tests.support import LogCapture

GROUP = "newsmoe.readers"


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Formats[formats.Reader]:
    """Return the readers with no plug-in loaded, restored after the test."""
    monkeypatch.setattr(READERS, "_loaded", {})
    monkeypatch.setattr(READERS, "_broken", set())
    return READERS


def test_a_format_of_another_package_is_read(
    install: Callable[..., None], readers: Formats[formats.Reader], workdir: Path
) -> None:
    install("poetry", {"poetry_reader": POEMS}, {"poems": "poetry_reader"}, GROUP)
    Path("a.poem").write_text("POEM\nStorm: It rained.\nno title\n")
    with open_source("a.poem") as source:
        storm, bad = source.articles()
        assert (source.format, storm.headline, getattr(bad, "type")) == (  # noqa: B009
            "poems",
            "Storm",
            "UndecodableElement",
        )
    Path("b.poems").write_text("prose")
    Path("b.poem.gz").write_text("POEM")
    Path("b.txt").touch()
    assert find_inputs(["."]) == ["a.poem", "b.poem.gz", "b.poems"]
    with pytest.raises(InputError, match=r"^b\.poems: line 1: not a poem"), open_source("b.poems"):
        pass


def test_a_format_of_another_package_is_detected_from_the_content(
    install: Callable[..., None], readers: Formats[formats.Reader], workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    install("poetry", {"poetry_reader": POEMS}, {"poems": "poetry_reader"}, GROUP)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"POEM\nStorm: It rained.\n")))
    with open_source("-") as source:
        assert (source.format, source.count) == ("poems", 1)


def test_other_packages_are_imported_only_where_no_built_in_format_has_the_suffix(
    install: Callable[..., None], readers: Formats[formats.Reader], log: LogCapture
) -> None:
    install("broken", {"broken_reader": "raise RuntimeError('oops')"}, {"broken": "broken_reader"}, GROUP)
    assert [format_of(Path(name)) for name in ("a.json", "a.csv.gz", "a.parquet")] == [
        "json", "csv", "parquet"
    ]  # fmt: skip
    assert log.text == ""
    assert [format_of(Path(name)) for name in ("a.txt", "b.txt", "a.broken")] == ["json"] * 3
    assert log.text.count("the input format 'broken' of broken (broken_reader) cannot be imported") == 1


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("def read(name, path):\n    yield {}['title']\n", r"KeyError: 'title' \(faulty_reader.py, line 2\)"),
        ("def read(path):\n    yield path\n", "TypeError: read.* takes 1 positional argument but 2 were given"),
    ],
)
def test_a_format_of_another_package_that_fails_is_named(
    code: str, problem: str, install: Callable[..., None], readers: Formats[formats.Reader], workdir: Path
) -> None:
    install("faulty", {"faulty_reader": code}, {"faulty": "faulty_reader"}, GROUP)
    Path("a.faulty").write_text("prose")
    match = f"the input format read of faulty_reader failed: {problem}"
    with pytest.raises(PluginError, match=match), open_source("a.faulty"):
        pass


def test_an_unknown_format_is_a_config_error(workdir: Path) -> None:
    Path("a.json").write_text("[]")
    with (
        pytest.raises(ConfigError, match="no input format is called 'jsonlines'; did you mean 'jsonl'"),
        open_source("a.json", Settings(input_format="jsonlines")),
    ):
        pass
