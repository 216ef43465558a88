import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.errors import ConfigError
from newsmoe.output.partitions import check_keys, parse_partition_by
from newsmoe.paths import MAX_NAME
from newsmoe.record import Record
from tests.output.support import record
from tests.strategies import FEW

HOSTILE = [
    "../../etc/passwd",
    "a/b",
    "a=b",
    "\x00\n\x1b[31m",
    ".",
    "..",
    "%2e",
    "C:\\x",
    "\ud800",
    "Ünïcode",
    "x y",
    "*?",
]


def of(field: str, value: Any) -> Record:
    return record(topic={"label": value}).model_copy(update={"source": value, "publication_date": value})


def folder(text: str, value: Any) -> str:
    (key,) = parse_partition_by(text)
    return key.folder(of(text, value))


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("topic", "sport", "topic=sport"),
        ("topic", "science and technology", "topic=science%20and%20technology"),
        ("source", "The Harbour Post", "by_source=The%20Harbour%20Post"),
        ("source", None, "by_source=__HIVE_DEFAULT_PARTITION__"),
        ("source", "", "by_source=__HIVE_DEFAULT_PARTITION__"),
        ("source", "../../etc/passwd", "by_source=..%2F..%2Fetc%2Fpasswd"),
        ("source", "a=b", "by_source=a%3Db"),
        ("source", "\x1b[31m", "by_source=%1B%5B31m"),
        ("publication_date:day", "2026-11-02T23:30:00-05:00", "publication_date_day=2026-11-02"),
        ("publication_date:month", "2026-11-02", "publication_date_month=2026-11"),
        ("publication_date:year", "2026-11-02", "publication_date_year=2026"),
        ("publication_date:day", "yesterday", "publication_date_day=__HIVE_DEFAULT_PARTITION__"),
        ("publication_date:day", None, "publication_date_day=__HIVE_DEFAULT_PARTITION__"),
    ],
)
def test_a_value_is_a_folder(key: str, value: str | None, name: str) -> None:
    assert folder(key, value) == name


@FEW
@given(value=st.text(max_size=400) | st.sampled_from(HOSTILE))
def test_no_value_leaves_its_folder_or_breaks_its_name(value: str) -> None:
    name = folder("topic", value)
    assert name.startswith("topic=")
    assert len(name) <= MAX_NAME
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~%=")
    assert name.count("=") == 1


def test_long_values_with_the_same_beginning_have_different_folders() -> None:
    assert folder("source", "x" * 500) != folder("source", "x" * 501)


def test_a_task_that_an_article_was_not_read_for_is_no_value() -> None:
    (key,) = parse_partition_by("sentiment")
    assert key.folder(record()) == "sentiment=__HIVE_DEFAULT_PARTITION__"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no field; such as publication_date:day,topic"),
        (" , ", "names no field"),
        ("publication_date", "publication_date: a date is split by one of day, month, year"),
        ("publication_date:week", "publication_date:week: a date is split by one of day, month, year"),
        ("topic:day", "topic:day: only publication_date has units"),
        ("topic,source,topic", "topic,source,topic names a field twice"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_partition_by(text)


@pytest.mark.parametrize(("key", "help"), [("topics", "did you mean 'topic'?"), ("headline", "available: .*facts")])
def test_what_records_do_not_have_is_refused(key: str, help: str) -> None:
    columns = {"topic": ("label", "score"), "summarization": ("summary",), "facts": ()}
    check_keys(parse_partition_by("publication_date:day,topic,facts,language"), columns)
    with pytest.raises(ConfigError, match=re.escape(f"--partition-by {key}: is neither") + f".*{help}"):
        check_keys(parse_partition_by(key), columns)
    with pytest.raises(ConfigError, match="summarization: is neither"):
        check_keys(parse_partition_by("summarization"), columns)
