"""Inputs at URLs, in fsspec's file system in memory."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from newsmoe.article import Article
from newsmoe.errors import ConfigError, InputError
from newsmoe.ingest.discovery import discover, find_inputs
from newsmoe.ingest.source import open_input
from newsmoe.settings.model import Settings
from tests.support import LogCapture

SETTINGS = Settings()


@pytest.fixture
def store() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def put(store: Any, path: str, *ids: int) -> None:
    store.pipe(path, json.dumps([{"id": number, "headline": f"Storm {number}"} for number in ids]).encode())


def identifiers(url: str) -> list[Any]:
    with open_input(url, SETTINGS) as source:
        return [item.id for item in source.articles() if isinstance(item, Article)]


def test_a_file_is_read_and_only_when_it_is_needed_on_the_disk(
    store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    put(store, "/inbox/a.json", 1, 2)
    with open_input("memory://inbox/a.json", SETTINGS) as source:
        assert (source.name, source.count, source.format) == ("memory://inbox/a.json", 2, "json")
        assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
        assert [item.id for item in source.articles()] == [1, 2]
        assert [item.id for item in source.articles()] == [1, 2]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv", "a.parquet", "without a suffix", "x" * 300 + ".json"])
def test_every_format_is_read_as_from_a_path(store: Any, tmp_path: Path, name: str) -> None:
    import gzip

    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": [1], "headline": ["Storm"]}), tmp_path / "x.parquet")
    line = b'{"id": 1, "headline": "Storm"}\n'
    contents = {
        "a.jsonl.gz": gzip.compress(line),
        "a.csv": b"id,headline\n1,Storm\n",
        "a.parquet": (tmp_path / "x.parquet").read_bytes(),
    }
    store.pipe(f"/inbox/{name}", contents.get(name, line))
    assert [str(identifier) for identifier in identifiers(f"memory://inbox/{name}")] == ["1"]


def test_a_file_that_is_changed_after_the_check_is_an_error(store: Any) -> None:
    put(store, "/a.json", 1, 2)
    with open_input("memory://a.json", SETTINGS) as source:
        put(store, "/a.json", 3, 4)
        with pytest.raises(InputError, match=r"memory://a.json: was changed since it was checked; run the same"):
            list(source.articles())


def test_a_folder_stands_for_its_files(store: Any, log: LogCapture) -> None:
    for name in ("b.json", "deep/a.jsonl", ".hidden.json", "half.json.part", "notes.txt"):
        put(store, f"/inbox/{name}", 1)
    store.pipe("/inbox/empty.json", b"")
    put(store, "/elsewhere/x.json", 1)
    log.set_level(logging.INFO)
    assert find_inputs(["memory://inbox"]) == ["memory:///inbox/b.json", "memory:///inbox/deep/a.jsonl"]
    assert log.messages == [
        "memory://inbox: 2 files to read; left out: 1 empty, 1 hidden, 1 temporary, 1 with an unknown suffix (.txt)"
    ]
    assert discover(["memory://inbox/"]).left_out["memory://inbox/"]["empty"] == 1


def test_a_pattern_stands_for_the_files_that_it_matches(store: Any) -> None:
    for name in ("a1.json", "a2.txt", "b.json", "a[1].json"):
        put(store, f"/inbox/{name}", 1)
    assert find_inputs(["memory://inbox/a*"]) == [
        f"memory:///inbox/{name}" for name in ("a1.json", "a2.txt", "a[1].json")
    ]
    assert find_inputs(["memory://inbox/a[1].json"]) == ["memory://inbox/a[1].json"]
    with pytest.raises(InputError, match=r"memory://inbox/z\*: no input files there"):
        find_inputs(["memory://inbox/z*"])


def test_a_url_with_file_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a b.json"
    path.write_text('[{"headline": "Storm"}]')
    assert find_inputs([path.as_uri(), f"file://localhost{path}"]) == [str(path)] * 2
    assert find_inputs([tmp_path.as_uri()]) == [str(path)]
    with pytest.raises(InputError, match="names another machine; a path has three slashes"):
        find_inputs(["file://home/me/news.json"])


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nothing.json", r"memory://nothing.json: cannot be read: there is no such file"),
        ("s3://[", "another package is required"),
        ("s3://bucket/a.json", r"s3://bucket/a.json: another package is required: .*s3fs"),
        ("nope://x/a.json", r"nope://x/a.json: cannot be read: ValueError: .*nope"),
        ("zip://a.json::memory://a.zip", "is a chain of URLs"),
    ],
)
def test_what_cannot_be_read_is_named(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_inputs([url])


def test_a_password_is_neither_used_nor_shown() -> None:
    with pytest.raises(ConfigError, match="sftp://...: has a password in it") as error:
        find_inputs(["sftp://me:secret@host/a.json"])
    assert "secret" not in str(error.value)


class Elsewhere:
    """A server that lists what is on another one."""

    def info(self, path: str) -> dict[str, str]:
        return {"name": path, "type": "directory"}

    def find(self, path: str, detail: bool) -> dict[str, dict[str, Any]]:
        names = ("http://host/in/a.json", "http://elsewhere/b.json", "file:///etc/c.json")
        return {name: {"type": "file", "size": 1} for name in names}

    def unstrip_protocol(self, path: str) -> str:
        return path


def test_a_listing_cannot_lead_to_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.ingest.remote._system", lambda url: (Elsewhere(), url))
    assert find_inputs(["http://host/in/"]) == ["http://host/in/a.json"]
