from pathlib import Path

import pytest

from newsmoe.storage.formats import is_lines


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".jsonlines"])
@pytest.mark.parametrize("name", ["news{}", "news{}.gz", "a.json{}", "folder.json/news{}"])
def test_lines_are_told_by_the_suffix(name: str, suffix: str) -> None:
    assert is_lines(Path(name.format(suffix)))


@pytest.mark.parametrize("name", ["news.json", "news", "-", "jsonl", "a.jsonl.json", "a.jsonl/news.gz"])
def test_other_names_say_nothing_of_lines(name: str) -> None:
    assert not is_lines(Path(name))
