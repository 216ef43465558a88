import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from newsmoe.errors import ConfigError, InputError, OutputError
from newsmoe.output.dataset import MANIFEST, Dataset, check_dataset, read_manifest
from newsmoe.output.partitions import parse_partition_by
from newsmoe.output.writers import open_writer
from newsmoe.record import Record
from newsmoe.report.records import read_records
from tests.output.support import record

COLUMNS = {"topic": ("label", "score")}
FORMATS = pytest.mark.parametrize("format", ["parquet", "jsonl", "csv"])


def about(number: int, topic: str | None, source: str | None = "Post") -> Record:
    analyses: dict[str, Any] = {} if topic is None else {"topic": {"label": topic, "score": 0.5}}
    return record(number, **analyses).model_copy(update={"source": source})


def write(path: Path, records: list[Record], format: str = "jsonl", by: str = "topic") -> None:
    with open_writer(path, Dataset(format, parse_partition_by(by), "5e77"), COLUMNS) as writer:
        for item in records:
            writer.write(item, f"key {item.id}")


def parts(path: Path) -> dict[str, int]:
    """Return how many records each file has, by its folder and number."""
    manifest = read_manifest(path)
    assert manifest is not None
    return {part.path.rpartition("-")[0]: part.records for part in manifest.files}


def visible(path: Path) -> set[str]:
    return {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}


@FORMATS
def test_records_lie_by_their_values_and_the_manifest_names_all_files(tmp_path: Path, format: str) -> None:
    write(tmp_path / "out", [about(1, "sport"), about(2, "art"), about(3, "sport"), about(4, None)], format)
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert (manifest.format, manifest.partition_by, manifest.records, manifest.settings) == (
        format,
        ["topic"],
        4,
        "5e77",
    )
    assert parts(tmp_path / "out") == {
        "topic=__HIVE_DEFAULT_PARTITION__/part-00003": 1,
        "topic=art/part-00002": 1,
        "topic=sport/part-00001": 2,
    }
    assert visible(tmp_path / "out") == {MANIFEST, *(part.path for part in manifest.files)}
    for part in manifest.files:
        content = (tmp_path / "out" / part.path).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (part.bytes, part.sha256)
    back = list(read_records(tmp_path / "out"))
    assert sorted(str(item.id) for item in back) == ["1", "2", "3", "4"]


def test_programs_that_know_hives_folders_read_it(tmp_path: Path) -> None:
    records = [about(1, "sport", "A/B"), about(2, "art", None), about(3, "sport", "A/B")]
    write(tmp_path / "out", records, "parquet", "source,topic")
    table = ds.dataset(tmp_path / "out", format="parquet", partitioning="hive").to_table()
    rows = sorted(table.select(["id", "by_source", "topic"]).to_pylist(), key=lambda row: row["id"])
    assert rows == [
        {"id": "1", "by_source": "A/B", "topic": "sport"},
        {"id": "2", "by_source": None, "topic": "art"},
        {"id": "3", "by_source": "A/B", "topic": "sport"},
    ]
    assert pq.read_table(tmp_path / "out").num_rows == 3


def test_a_file_has_so_many_records_and_so_many_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.output.dataset.RECORDS_PER_FILE", 3)
    write(tmp_path / "many", [about(number, "sport") for number in range(7)])
    assert list(parts(tmp_path / "many").values()) == [3, 3, 1]
    monkeypatch.setattr("newsmoe.output.dataset.MAX_OPEN", 2)
    write(tmp_path / "mixed", [about(number, topic) for number, topic in enumerate("abacabaca")])
    assert parts(tmp_path / "mixed") == {
        **{"topic=a/part-00001": 3, "topic=a/part-00002": 2, "topic=b/part-00003": 2, "topic=c/part-00004": 2}
    }
    assert [item.id for item in read_records(tmp_path / "mixed")] == [0, 2, 4, 6, 8, 1, 5, 3, 7]


def test_more_folders_than_can_be_meant_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.output.dataset.MAX_PARTITIONS", 2)
    with pytest.raises(
        OutputError, match="makes more than 2 folders, the last one by_source=c; name fields with fewer"
    ):
        write(tmp_path / "out", [about(1, "x", source) for source in "abc"], by="source")
    assert not (tmp_path / "out").exists()


@FORMATS
def test_equal_records_make_equal_data_sets(tmp_path: Path, format: str) -> None:
    records = [about(1, "sport"), about(2, "art")]
    for name in ("one", "two"):
        write(tmp_path / name, records, format)
    first, second = (
        {name: (tmp_path / folder / name).read_bytes() for name in visible(tmp_path / folder)}
        for folder in ("one", "two")
    )
    assert first == second


@FORMATS
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_run_that_fails_leaves_the_old_data_set(tmp_path: Path, format: str, failure: type[BaseException]) -> None:
    write(tmp_path / "out", [about(1, "sport")], format)
    before = visible(tmp_path / "out")
    dataset = Dataset(format, parse_partition_by("topic"))
    with pytest.raises(failure), open_writer(tmp_path / "out", dataset, COLUMNS) as writer:
        writer.write(about(2, "art"), "key")
        writer.write(about(3, "sport"), "key")
        raise failure
    assert visible(tmp_path / "out") == before
    with pytest.raises(failure), open_writer(tmp_path / "new", dataset, COLUMNS) as writer:
        raise failure
    assert not (tmp_path / "new").exists()


def test_a_new_data_set_replaces_the_old_one_and_what_a_killed_run_has_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, [about(1, "sport"), about(2, "art")])
    (out / "topic=left").mkdir()
    (out / "topic=left" / "part-00009-0123abcd.jsonl").touch()  # moved to its place, and no manifest names it
    (out / ".newsmoe-abc.tmp" / "topic=x").mkdir(parents=True)
    check_dataset(out, "jsonl")
    write(out, [about(1, "sport"), about(3, "war")])
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST, "topic=sport", "topic=war"]
    assert list(parts(out)) == ["topic=sport/part-00001", "topic=war/part-00002"]


def test_readers_see_nothing_before_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with open_writer(out, Dataset("parquet", parse_partition_by("topic")), COLUMNS) as writer:
        writer.write(about(1, "sport"), "key")
        assert read_manifest(out) is None
        assert all(name.startswith(".") for name in os.listdir(out))


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "topic=x").mkdir()
    (tmp_path / "topic=x" / "photo.jpg").touch()
    with pytest.raises(OutputError, match="holds something else than a data set of newsmoe, such as topic=x/photo.jpg"):
        check_dataset(tmp_path, "parquet")


@pytest.mark.parametrize("format", ["json", "xlsx", "sqlite", "nope"])
def test_formats_of_one_file_are_refused(tmp_path: Path, format: str) -> None:
    with pytest.raises(ConfigError, match=f"writes parquet, jsonl or csv, not {format}; name one with --format"):
        check_dataset(tmp_path / "out", format)


@pytest.mark.parametrize(
    "path", ["../../x/part-00001-0123abcd.jsonl", "/x/part-00001-0123abcd.jsonl", "topic=a/x.jsonl"]
)
def test_a_manifest_cannot_lead_out_of_its_folder(tmp_path: Path, path: str) -> None:
    write(tmp_path, [about(1, "sport")])
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["files"][0]["path"] = path
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="which is no file of a data set"):
        list(read_records(tmp_path))
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(InputError, match="is no manifest of this newsmoe"):
        list(read_records(tmp_path))
