"""Outputs that are appended to: existing records stay, and no article is written twice."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import ConfigError, OutputError
from newsmoe.output.formats import STDOUT
from newsmoe.output.writers import check_format, open_writer
from newsmoe.prediction import InputStats
from newsmoe.record import ItemError, Record

COLUMNS = {"mood": ("label", "score")}
FORMATS = pytest.mark.parametrize("format", ["jsonl", "parquet", "sqlite"])

Item = Article | InvalidItem


def item(number: int, **fields: Any) -> Article:
    return Article(**{"id": number, "url": f"u/{number}", "headline": f"Headline {number}", **fields})


def record(of: Item, label: str = "calm") -> Record:
    unread = [ItemError(type=of.type, message=of.message, stage="read")] if isinstance(of, InvalidItem) else []
    return Record(
        id=of.id,
        headline=of.headline,
        url=of.url,
        status="failed" if unread else "ok",
        analyses={} if unread else {"mood": {"label": label, "score": 0.5}},
        route=[],
        errors=unread,
        input=InputStats(),
    )


def add(path: Path, format: str, *items: Item, label: str = "calm", predictions: Any = COLUMNS) -> int:
    """Append the records of items that are not in the output; return how many were appended."""
    with open_writer(path, format, predictions, append=True) as writer:
        new = [item for item in items if not writer.holds(item)]
        for item in new:
            writer.write(record(item, label), item.key)
    return len(new)


def held(path: Path, format: str) -> list[dict[str, Any]]:
    match format:
        case "jsonl":
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        case "parquet":
            parts = sorted(path.glob("*.parquet"))
            return [json.loads(text) for part in parts for text in pq.read_table(part)["record"].to_pylist()]
    with closing(sqlite3.connect(path)) as base:
        return [json.loads(text) for (text,) in base.execute("SELECT record FROM analyses ORDER BY rowid")]


def ids(path: Path, format: str) -> list[Any]:
    return [record["id"] for record in held(path, format)]


@FORMATS
def test_existing_records_stay_and_no_article_is_written_twice(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    add(path, format, item(1), item(2))
    add(path, format, item(2), item(3))
    add(path, format, item(1), item(2), item(3))
    assert sorted(ids(path, format)) == [1, 2, 3]
    assert [file for file in tmp_path.iterdir()] == [path]


@FORMATS
def test_an_article_twice_in_the_input_is_written_once(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    add(path, format, item(1), item(1), item(2))
    assert sorted(ids(path, format)) == [1, 2]


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_only_new_articles_need_to_be_analyzed(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    assert add(path, format, item(1), item(2)) == 2
    assert add(path, format, item(2), item(3)) == 1
    assert ids(path, format) == [1, 2, 3]


@FORMATS
def test_an_invalid_item_is_written_once(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    unnamed, named = InvalidItem("expected an object"), InvalidItem("no headline", id="7")
    add(path, format, unnamed)
    add(path, format, unnamed, named)
    add(path, format, named)
    assert sorted(map(str, ids(path, format))) == ["7", "None"]


@FORMATS
def test_articles_of_equal_text_at_two_addresses_are_two(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    add(path, format, item(1, headline="x"), item(2, headline="x"))
    assert sorted(ids(path, format)) == [1, 2]


@FORMATS
def test_different_texts_that_are_called_the_same_are_all_written(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    add(path, format, item(1, content="one day's weather"), item(1, content="another day's"))
    assert ids(path, format) == [1, 1]


@pytest.mark.parametrize("format", ["parquet", "sqlite"])
def test_an_article_whose_text_has_changed_is_another(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    add(path, format, item(1, content="old"))
    add(path, format, item(1, content="new"))
    assert ids(path, format) == [1, 1]


@FORMATS
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_output_unchanged(tmp_path: Path, format: str, failure: type[BaseException]) -> None:
    path = tmp_path / "out"
    with pytest.raises(failure), failing(path, format, failure):
        pass
    assert list(tmp_path.iterdir()) == []
    add(path, format, item(1))
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(failure), failing(path, format, failure):
        pass
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    assert ids(path, format) == [1]


@contextmanager
def failing(path: Path, format: str, failure: type[BaseException]) -> Iterator[None]:
    with open_writer(path, format, COLUMNS, append=True) as writer:
        writer.write(record(item(2)), "key")
        yield
        raise failure


@FORMATS
def test_the_folder_must_be_there(tmp_path: Path, format: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        add(tmp_path / "missing" / "out", format, item(1))


@pytest.mark.parametrize("format", ["json", "csv"])
def test_formats_that_cannot_be_added_to_are_refused(format: str) -> None:
    with pytest.raises(ConfigError, match="it adds to these formats: jsonl, parquet, sqlite"):
        check_format(Path("out"), format, append=True)


@pytest.mark.parametrize("format", ["jsonl", "sqlite"])
def test_standard_output_cannot_be_added_to(format: str) -> None:
    with pytest.raises(ConfigError, match="--append cannot add to standard output"):
        check_format(STDOUT, format, append=True)


# JSON Lines


def test_a_partial_last_line_is_dropped_and_its_article_written_again(tmp_path: Path) -> None:
    path = tmp_path / "out"
    add(path, "jsonl", item(1), item(2, headline="é"))
    path.write_bytes(path.read_bytes()[:-20])
    assert add(path, "jsonl", item(1), item(2, headline="é")) == 1
    assert ids(path, "jsonl") == [1, 2]


def test_a_record_with_errors_is_replaced_by_a_new_record(tmp_path: Path) -> None:
    path = tmp_path / "out"
    error = ItemError(task="mood", expert="a", type="ValueError", message="oops", stage="predict")
    with open_writer(path, "jsonl", append=True) as writer:
        for number in (1, 2, 3):
            status = {} if number == 3 else {"errors": [error], "status": "partial"}
            writer.write(record(item(number)).model_copy(update=status), "key")
    assert add(path, "jsonl", item(2), item(3)) == 1
    assert [(row["id"], row["status"]) for row in held(path, "jsonl")] == [(3, "ok"), (2, "ok"), (1, "partial")]


def test_a_last_line_without_an_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out"
    add(path, "jsonl", item(1))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    add(path, "jsonl", item(2))
    assert ids(path, "jsonl") == [1, 2]


@pytest.mark.parametrize("content", ["[\n]\n", '{"id": 1}\n', "oops\n", "caf\ufffd,1\n"])
def test_lines_that_are_no_records_are_not_touched(tmp_path: Path, content: str) -> None:
    path = tmp_path / "out"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match="holds something else than records"):
        add(path, "jsonl", item(1))
    assert path.read_text(encoding="utf-8") == content
    assert list(tmp_path.iterdir()) == [path]


# SQLite


def test_a_row_is_replaced_by_the_later_one(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    add(path, "sqlite", item(1), item(2), label="calm")
    add(path, "sqlite", item(2), label="angry")
    with closing(sqlite3.connect(path)) as base:
        rows = base.execute('SELECT id, key, "mood_label", "mood_score" FROM analyses ORDER BY id').fetchall()
    assert rows == [("1", item(1).key, "calm", 0.5), ("2", item(2).key, "angry", 0.5)]


def test_a_task_that_earlier_runs_did_not_have_is_a_new_column(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    add(path, "sqlite", item(1), predictions={})
    add(path, "sqlite", item(2))
    with closing(sqlite3.connect(path)) as base:
        assert base.execute('SELECT id, "mood_label" FROM analyses').fetchall() == [("1", None), ("2", "calm")]


def test_other_processes_can_read_and_write_during_a_run(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    add(path, "sqlite", item(1))
    with open_writer(path, "sqlite", COLUMNS, append=True) as writer:
        writer.write(record(item(2)), "key")
        with closing(sqlite3.connect(path, timeout=0)) as base, base:
            assert base.execute("SELECT count(*) FROM analyses").fetchone() == (1,)
            base.execute("CREATE TABLE mine (x)")
    assert ids(path, "sqlite") == [1, 2]


def test_without_append_the_database_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    add(path, "sqlite", item(1))
    with open_writer(path, "sqlite", COLUMNS) as writer:
        writer.write(record(item(2)), "key")
        assert ids(path, "sqlite") == [1]
    assert ids(path, "sqlite") == [2]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("length", [1, 20])
def test_a_file_that_is_no_database_is_not_touched(tmp_path: Path, length: int) -> None:
    path = tmp_path / "out.db"
    path.write_text("not a database, but long enough to be taken for the header of one" * length)
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"out\.db: cannot be written: file is not a database"):
        add(path, "sqlite", item(1))
    assert path.read_bytes() == before


def test_a_table_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE analyses (patient, finding)")
    with pytest.raises(OutputError, match="has a table analyses that is not of newsmoe"):
        add(path, "sqlite", item(1))


# Parquet


def test_each_run_with_new_articles_adds_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for numbers in ([1, 2], [2], [2, 3]):
        add(path, "parquet", *map(item, numbers))
    assert sorted(file.name for file in path.iterdir()) == ["part-00001.parquet", "part-00002.parquet"]


def test_a_single_file_is_not_added_to(tmp_path: Path) -> None:
    (tmp_path / "out.parquet").write_text("x")
    with pytest.raises(OutputError, match=r"out\.parquet: cannot be written: File exists"):
        add(tmp_path / "out.parquet", "parquet", item(1))


@pytest.mark.parametrize("columns", [{"id": ["1"]}, None])
def test_a_folder_of_other_files_is_not_added_to(tmp_path: Path, columns: Any) -> None:
    path = tmp_path / "mine.parquet"
    pq.write_table(pa.table(columns), path) if columns else path.write_text("x")
    with pytest.raises(OutputError, match=r"mine\.parquet: holds something else than records"):
        add(tmp_path, "parquet", item(1))
    assert list(tmp_path.iterdir()) == [path]


HOSTILE = {
    "trigger": "CREATE TRIGGER t AFTER INSERT ON analyses BEGIN DELETE FROM analyses; END",
    "endless trigger": (
        "CREATE TRIGGER t BEFORE INSERT ON analyses BEGIN"
        " WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n; END"
    ),
    "view": "ALTER TABLE analyses RENAME TO old; CREATE VIEW analyses AS SELECT * FROM old",
    "index": "CREATE UNIQUE INDEX one ON analyses (length(status) * 0)",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_database_that_would_not_keep_the_records_is_refused_and_stays(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out.db"
    add(path, "sqlite", item(1))
    with closing(sqlite3.connect(path)) as base:
        base.executescript(HOSTILE[kind])
    with pytest.raises(OutputError, match="has a trigger|has a view|did not keep 1 of the records"):
        add(path, "sqlite", item(2), item(3))
    assert ids(path, "sqlite") == [1]


def test_a_view_of_the_users_own_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    add(path, "sqlite", item(1))
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE VIEW calm AS SELECT * FROM analyses WHERE mood_label = 'calm'")
    add(path, "sqlite", item(2))
    assert ids(path, "sqlite") == [1, 2]
