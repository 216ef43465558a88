"""Built-ins and what other packages add to them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import ConfigError, PluginError
from newsmoe.plugins import Formats, Plugins, import_extra
from tests.support import LogCapture

GROUP = "newsmoe.tries"
BUILTIN = {"squares": "math:sqrt", "json": "json"}


def tries(requires: tuple[str, ...] = ()) -> Plugins[object]:
    return Plugins(GROUP, "try", BUILTIN, requires)


def test_a_built_in_is_an_attribute_or_a_module() -> None:
    import json
    import math

    assert tries().load("squares") is math.sqrt
    assert tries().load("json") is json


def test_a_plug_in_comes_after_the_built_in_ones(install: Callable[..., None]) -> None:
    install("more", {"more_tries": "VALUE = 7"}, {"seven": "more_tries:VALUE"}, GROUP)
    assert list(tries()) == ["squares", "json", "seven"]
    assert "seven" in tries()
    assert tries().load("seven") == 7


def test_an_unknown_name_is_reported_with_the_nearest() -> None:
    with pytest.raises(PluginError, match="no try is called 'square'; did you mean 'squares'"):
        tries().load("square")


def test_a_clash_names_both_and_others_are_unaffected(install: Callable[..., None], log: LogCapture) -> None:
    install("first", {"first_tries": "VALUE = 1"}, {"json": "first_tries:VALUE", "other": "first_tries:VALUE"}, GROUP)
    install("second", {"second_tries": "VALUE = 2"}, {"other": "second_tries:VALUE"}, GROUP)
    table = tries()
    with pytest.raises(PluginError, match=r"two trys? .*'json': of newsmoe and of first \(first_tries:VALUE\)"):
        table.load("json")
    with pytest.raises(PluginError, match="of first .* and of second"):
        table.load("other")
    assert [name for name, _ in table.usable()] == ["squares"]
    assert len(log.records) == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise RuntimeError('no luck')", "of poor .*cannot be imported: RuntimeError: no luck"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        ("", "cannot be imported: AttributeError"),
        ("VALUE = 1", "of poor .*has no load and no dump"),
    ],
)
def test_a_broken_plug_in_is_named(install: Callable[..., None], code: str, said: str) -> None:
    install("poor", {"poor_tries": code}, {"poor": "poor_tries:VALUE"}, GROUP)
    table = tries(("load", "dump"))
    with pytest.raises(PluginError, match=said):
        table.load("poor")
    assert table.load("json")


def test_a_format_is_looked_up_by_suffix(install: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    install("added", {"added_tries": "suffixes = ('.tr', '.try')"}, {"tries": "added_tries"}, GROUP)
    formats = Formats[object](GROUP, "format", BUILTIN)
    names = ("a.json", "a.JSON.gz", "a.squares", "a.tr", "a.try.gz", "a.tries", "a.txt", "json", "a.json/b")
    assert [formats.of(Path(name)) for name in names] == [
        "json", "json", "squares", "tries", "tries", "tries", None, None, None
    ]  # fmt: skip


def test_the_extra_that_brings_a_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert import_extra("json.decoder", "Trying", "try").decoder
    monkeypatch.setitem(sys.modules, "json", None)
    with pytest.raises(ConfigError, match=r"^Trying needs json; pip install 'newsmoe\[try\]'$"):
        import_extra("json.decoder", "Trying", "try")
