"""Kinds that other packages add."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe import Article, Registry, Settings, analyze
from newsmoe.errors import BrokenExpertError, CardError
from newsmoe.plugins import Plugins
from newsmoe.registry import kinds
from newsmoe.registry.kinds import KINDS
from tests.registry.support import card

Install = Callable[..., None]

COUNT = """\
from newsmoe import Fields
from pydantic import BaseModel

class Count:
    columns = ("letters",)

    class Settings(BaseModel, extra="forbid"):
        letter: str = "a"

    def __init__(self, card, settings, backbones):
        self.name, self.task, self.letter = card.name, card.task, settings.letter

    def load(self, device):
        pass

    def predict(self, articles):
        return [Fields({"letters": article.content.count(self.letter)}) for article in articles]
"""
CARD = 'name = "mine"\ntask = "letters"\nkind = "count"\ndescription = "d"\n'
ARTICLE = Article(content="A storm hit the coast.", language="en")


@pytest.fixture
def add_kind(install: Install, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that installs a package with kinds, which are then looked up again."""

    def add(distribution: str, code: str, *names: str) -> None:
        module = distribution.replace("-", "_")
        install(distribution, {module: code}, dict.fromkeys(names, f"{module}:Count"), "newsmoe.kinds")
        fresh = Plugins[kinds.Kind](KINDS.group, KINDS.what, KINDS.builtin, KINDS.requires)
        monkeypatch.setattr(kinds, "KINDS", fresh)

    return add


def test_an_expert_of_an_added_kind_works_in_a_run(add_kind: Callable[..., None], tmp_path: Path) -> None:
    add_kind("my-kinds", COUNT, "count")
    registry = Registry([card(tmp_path, "mine", CARD + '[settings]\nletter = "t"')], plugins=False)
    (record,) = analyze([ARTICLE], Settings(tasks=("letters",)), registry=registry)
    assert record.analyses == {"letters": {"letters": 4}}
    info = registry.info("mine")
    assert (info.columns, info.missing, info.broken) == (("letters",), None, None)


def test_an_added_kind_checks_its_settings(add_kind: Callable[..., None], tmp_path: Path) -> None:
    add_kind("my-kinds", COUNT, "count")
    folder = card(tmp_path, "mine", CARD + "[settings]\nleter = 't'")
    with pytest.raises(BrokenExpertError, match="unknown key 'leter'; did you mean 'letter'"):
        Registry([folder], plugins=False).build("mine")
    folder = card(tmp_path / "fine", "mine", CARD)
    with pytest.raises(CardError, match=r"letter: .*; see \[experts.mine\]"):
        _ = Registry([folder], {"mine": {"letter": 3}}, plugins=False).experts


def test_predictions_of_an_added_kind_are_stored_only_if_it_says_what_decides_them(
    add_kind: Callable[..., None], tmp_path: Path
) -> None:
    silent = COUNT
    stating = COUNT.replace("class Count:", "class Count:\n    identity = staticmethod(lambda *_: 'version 1')\n")
    add_kind("my-kinds", silent, "count")
    folder = card(tmp_path, "mine", CARD)
    assert Registry([folder], plugins=False).info("mine").fingerprint() == ""
    add_kind("other-kinds", stating, "other")
    (folder / "mine/expert.toml").write_text(CARD.replace('"count"', '"other"'))
    assert re.fullmatch(r"[0-9a-f]{16}", Registry([folder], plugins=False).info("mine").fingerprint())


MISSING = COUNT.replace("class Count:", "class Count:\n    missing = staticmethod(lambda card, settings: ANSWER)\n")


@pytest.mark.parametrize(
    ("answer", "message"),
    [("None", None), ("'get ' + card.name", "get mine"), ("1 // 0", "ZeroDivisionError: integer division")],
)
def test_an_added_kind_reports_what_is_missing(
    add_kind: Callable[..., None], tmp_path: Path, answer: str, message: str | None
) -> None:
    add_kind("my-kinds", MISSING.replace("ANSWER", answer), "count")
    missing = Registry([card(tmp_path, "mine", CARD)], plugins=False).info("mine").missing
    assert missing == message if message is None else str(missing).startswith(message)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import surely_not_installed", "ModuleNotFoundError: No module named 'surely"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("", "has no attribute 'Count'"),
        ("class Count: pass", "the kind 'count' of poor-kinds (poor_kinds:Count) has no Settings"),
        ("class Count: Settings = None", "AttributeError: 'NoneType' object"),
        (COUNT.replace('("letters",)', "None"), "TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_a_broken_kind_breaks_its_own_experts_only(
    add_kind: Callable[..., None], tmp_path: Path, code: str, reason: str
) -> None:
    add_kind("poor-kinds", code, "count")
    registry = Registry([card(tmp_path, "mine", CARD)], plugins=False)
    assert reason in str(registry.info("mine").broken)
    with pytest.raises(BrokenExpertError, match="expert 'mine'"):
        registry.build("mine")
    assert registry.tasks() == Registry(plugins=False).tasks()
    assert registry.build("lead").predict([ARTICLE])[0].fields() == {"summary": ARTICLE.content}


def test_two_kinds_of_one_name_are_both_named_and_break_their_own_experts_only(
    add_kind: Callable[..., None], tmp_path: Path
) -> None:
    add_kind("my-kinds", COUNT, "count", "lead")
    add_kind("more-kinds", COUNT, "count")
    registry = Registry([card(tmp_path, "mine", CARD)], plugins=False)
    broken = str(registry.info("mine").broken)
    assert broken.startswith(str(tmp_path / "mine/expert.toml"))
    assert "two kinds are called 'count'" in broken
    assert "more-kinds (more_kinds:Count)" in broken
    assert "my-kinds (my_kinds:Count)" in broken
    assert "of newsmoe and of my-kinds" in str(registry.info("lead").broken)
    assert [name for name, info in registry.experts.items() if info.broken] == ["lead", "mine"]


def test_the_built_in_kinds_say_which_predictions_get_columns() -> None:
    columns = {info.card.kind: info.columns for info in Registry(plugins=False).experts.values() if info.card}
    assert columns["lead"] == columns["extractive"] == columns["seq2seq-summarization"] == ("summary",)
    assert (
        columns["classifier"] == columns["zero-shot"] == columns["text-classification"] == ("label", "score", "unsure")
    )
    name = next(
        name
        for name, info in Registry(plugins=False).experts.items()
        if info.card and info.card.kind == "text-classification"
    )
    assert Registry(changes={name: {"multi_label": True}}, plugins=False).info(name).columns == ()
