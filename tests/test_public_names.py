import pytest

import newsmoe

PUBLIC = [
    "Article",
    "Device",
    "Entities",
    "Entity",
    "Expert",
    "Fields",
    "InputStats",
    "ItemError",
    "Labels",
    "Mention",
    "NewsmoeError",
    "Prediction",
    "Record",
    "Registry",
    "RouteEntry",
    "RunReport",
    "Session",
    "Settings",
    "Summary",
    "analyze",
    "analyze_files",
    "load_settings",
]


def test_the_public_names_are_these_and_sorted() -> None:
    assert newsmoe.__all__ == PUBLIC == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_resolves(name: str) -> None:
    value = getattr(newsmoe, name)
    assert getattr(value, "__name__", name) == name


def test_star_import_brings_the_public_names_and_no_more() -> None:
    space: dict[str, object] = {}
    exec("from newsmoe import *", space)
    assert set(space) - {"__builtins__"} == set(PUBLIC)


def test_dir_lists_the_public_names() -> None:
    assert dir(newsmoe) == PUBLIC


def test_an_unknown_attribute_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match=r"module 'newsmoe' has no attribute 'analyse'"):
        _ = newsmoe.analyse  # type: ignore[attr-defined]
    assert not hasattr(newsmoe, "summarize")
