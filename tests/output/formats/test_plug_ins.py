"""Output formats of other packages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import ConfigError, OutputError, PluginError
from newsmoe.output.formats import STDOUT, WRITERS, format_of
from newsmoe.output.writers import check_format, open_writer
from tests.output.support import TITLES, record, write_all

GROUP = "newsmoe.writers"

PAGES = """
from contextlib import contextmanager

from newsmoe.output.formats import Writer


class Pages:
    suffixes = (".page",)
    folder = True

    def errors(self):
        return (LookupError,)

    @contextmanager
    def open_writer(self, path, columns):
        raise LookupError("the printer is missing")
        yield

    @contextmanager
    def open_appender(self, path, columns):
        path.mkdir(exist_ok=True)
        yield Writer(lambda record, key: (path / f"{key}.page").write_text(record.headline))


PAGES = Pages()
"""


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WRITERS, "_loaded", {})


def test_a_text_format_of_ten_lines(
    install: Callable[..., None], workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("titles", {"titles_writer": TITLES}, {"titles": "titles_writer"}, GROUP)
    path = workdir / "out.titles"
    assert format_of(path) == "titles"
    check_format(path, "titles")
    write_all(path, "titles", [record(1), record(2)])
    assert path.read_text(encoding="utf-8") == "1: Storm hits – now\n2: Storm hits – now\n"
    check_format(STDOUT, "titles")
    write_all(STDOUT, "titles", [record(3)])
    assert capsys.readouterr().out == "3: Storm hits – now\n"
    with pytest.raises(ConfigError, match="cannot add to a titles file; .* jsonl, parquet, sqlite$"):
        check_format(path, "titles", append=True)
    with pytest.raises(OutputError, match="cannot be written: No such file or directory; make the folder"):
        write_all(workdir / "missing" / "out", "titles", [record()])


def test_a_format_that_adds_to_a_folder(install: Callable[..., None], workdir: Path) -> None:
    install("pages", {"pages_writer": PAGES}, {"pages": "pages_writer:PAGES"}, GROUP)
    assert format_of(workdir / "out.page") == "pages"
    (workdir / "out").mkdir()
    check_format(workdir / "out", "pages", append=True)
    with open_writer(workdir / "out", "pages", append=True) as writer:
        writer.write(record(1), "one")
    assert (workdir / "out" / "one.page").read_text(encoding="utf-8") == "Storm hits – now"
    with pytest.raises(OutputError, match="is a folder; name a file"):
        check_format(workdir / "out", "pages")
    with pytest.raises(OutputError, match=r"a\.page: cannot be written: the printer is missing"):
        write_all(workdir / "a.page", "pages", [])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("yield Writer(lambda record, key: 1 / 0)", "failed: ZeroDivisionError: division by zero .*py, line "),
        ("yield file", "failed: TypeError: it yields TextIOWrapper, not newsmoe.output.formats.Writer"),
        (
            "yield Writer(lambda record, key: None)\n        1 / 0",
            "failed: ZeroDivisionError: division by zero .*py, line ",
        ),
        ("1 / 0\n        yield", "failed: ZeroDivisionError: division by zero .*py, line "),
    ],
    ids=["write", "no writer", "end", "begin"],
)
def test_what_a_format_of_a_package_does_wrong_is_an_error_that_names_it(
    request: pytest.FixtureRequest, install: Callable[..., None], workdir: Path, broken: str, message: str
) -> None:
    module = f"odd_{request.node.callspec.id.replace(' ', '_')}"
    code = f"""
from contextlib import contextmanager

from newsmoe.output.formats import Writer, text_output


@contextmanager
def open_writer(path, columns):
    with text_output(path) as file:
        {broken}
"""
    install("odd", {module: code}, {"odd": module}, GROUP)
    (workdir / "a.odd").write_text("before")
    with pytest.raises(PluginError, match=f"the output format open_writer of {module} {message}"):
        write_all(workdir / "a.odd", "odd", [record()])
    assert (workdir / "a.odd").read_text() == "before"
