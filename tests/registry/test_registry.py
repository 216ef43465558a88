import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsmoe import Article, Device, Registry
from newsmoe.errors import BrokenExpertError, CardError, ConfigError, NameClashError, UnknownExpertError
from newsmoe.registry.cards import builtin_folder
from newsmoe.registry.expert import Expert, lengths_of
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.kinds import KINDS
from newsmoe.testing import FakeExpert, check_expert
from tests.registry.support import card, lead_card
from tests.support import WithoutFingerprint, registry_of

Install = Callable[..., None]

COUNTER = """\
from newsmoe import Fields

class Counter:
    name = "counter"
    task = "count"
    languages = ("en", "de")
    needs_content = True

    def load(self, device):
        pass

    def predict(self, articles):
        return [Fields({"words": article.words}) for article in articles]

class Namesake(Counter):
    name = "lead"

class Misnamed(Counter):
    name = "reckoner"

class Mute:
    name = "counter"
    task = "count"

    def load(self, device):
        pass

class Failing(Counter):
    def __init__(self):
        raise OSError("no licence file")

at_hand = Counter()

def make():
    return Counter()
"""


def unaffected(registry: Registry) -> bool:
    """Return whether an expert that is not part of the test still works."""
    return registry.build("lead").predict([Article(content="A storm.")])[0].fields() == {"summary": "A storm."}


def test_the_built_in_experts_are_registered() -> None:
    experts = Registry(plugins=False).experts
    assert list(experts) == sorted(card.parent.name for card in builtin_folder().glob("*/expert.toml"))
    assert {"extractive", "lead", "sentiment-news", "topic-news", "topic-zero-shot"} <= experts.keys()
    assert all(info.card is not None and info.card.kind in KINDS for info in experts.values())
    assert [info.broken for info in experts.values() if info.broken] == []


def test_a_users_card_is_registered(tmp_path: Path) -> None:
    registry = Registry([card(tmp_path, "mine")], plugins=False)
    assert registry.info("mine").origin == str(tmp_path / "mine")
    assert list(registry.experts)[-1] == "mine"
    assert "mine" in [info.name for info in registry.pool("summarization")]
    assert registry.build("mine").name == "mine"


def test_two_folders_are_both_looked_through(tmp_path: Path) -> None:
    registry = Registry([card(tmp_path / "a", "one"), card(tmp_path / "b", "two")], plugins=False)
    assert {"one", "two"} <= registry.experts.keys()


def test_one_folder_named_twice_is_looked_through_once(tmp_path: Path) -> None:
    folder = card(tmp_path / "mine", "one")
    (tmp_path / "link").symlink_to(folder)
    assert "one" in Registry([folder, folder, tmp_path / "link", builtin_folder()], plugins=False).experts


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{re.escape(str(tmp_path / 'none'))}: no such folder of experts"):
        _ = Registry([tmp_path / "none"]).experts


@pytest.mark.parametrize("value", ["counters:Counter", "counters:make", "counters:at_hand"])
def test_code_of_a_package_is_registered(install: Install, value: str) -> None:
    install("news-counters", {"counters": COUNTER}, {"counter": value})
    registry = Registry()
    info = registry.info("counter")
    assert (info.task, info.languages, info.needs_content, info.broken) == ("count", ("en", "de"), True, None)
    assert info.origin == f"news-counters ({value})"
    assert registry.pool("count") == [info]
    assert "count" in registry.tasks()
    assert [finding for finding in check_expert(registry.build("counter")) if finding.problem] == []


def test_plug_ins_can_be_switched_off(install: Install) -> None:
    install("news-counters", {"counters": COUNTER}, {"counter": "counters:Counter"})
    assert "counter" not in Registry(plugins=False).experts


def test_an_expert_object_can_be_added() -> None:
    registry = Registry(plugins=False)
    fake = FakeExpert("mine", "mood", languages=("en",))
    registry.add(fake)
    assert registry.build("mine") is fake
    assert registry.info("mine").languages == ("en",)
    assert registry.tasks()[-1] == "mood"
    assert "mine" not in Registry(plugins=False).experts


def test_a_clash_of_two_cards_names_both(tmp_path: Path) -> None:
    registry = Registry([card(tmp_path, "lead", lead_card("lead", sentences=2))], plugins=False)
    both = f"{re.escape(str(builtin_folder() / 'lead'))} and {re.escape(str(tmp_path / 'lead'))}"
    with pytest.raises(NameClashError, match=f"two experts are called 'lead': {both}"):
        _ = registry.experts


def test_copies_of_the_built_in_experts_are_the_same_experts(tmp_path: Path) -> None:
    shutil.copytree(builtin_folder(), tmp_path / "experts")
    registry = Registry([tmp_path / "experts"], plugins=False)
    assert {name: info.origin for name, info in registry.experts.items()} == {
        name: info.origin for name, info in Registry(plugins=False).experts.items()
    }


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (lambda card, weights: card.write_text(card.read_text().replace("temperature", "temperature = 2 #")), False),
        (lambda card, weights: weights.write_bytes(weights.read_bytes()[:-1] + b"x"), False),
        (lambda card, weights: weights.unlink(), False),
        (lambda card, weights: card.write_text(card.read_text() + "\n# a note\n"), True),
    ],
    ids=["settings", "weights", "no weights", "a comment"],
)
def test_only_a_copy_with_the_same_settings_and_weights_is_the_same_expert(
    tmp_path: Path, change: Callable[[Path, Path], object], is_same: bool
) -> None:
    for name in ("first", "second"):
        shutil.copytree(builtin_folder() / "topic-news", tmp_path / name / "mood")
    change(tmp_path / "second/mood/expert.toml", tmp_path / "second/mood/head.safetensors")
    registry = Registry([tmp_path / "first", tmp_path / "second"], plugins=False, builtin=False)
    if is_same:
        assert [info.origin for info in registry.experts.values()] == [str(tmp_path / "first/mood")]
    else:
        with pytest.raises(NameClashError, match="first/mood and .*second/mood; rename one of them"):
            _ = registry.experts


@pytest.mark.parametrize(("revision", "is_same"), [("main", True), ("v2", False)])
def test_cards_of_a_model_that_is_not_on_this_machine_are_compared_by_what_they_say(
    tmp_path: Path, revision: str, is_same: bool
) -> None:
    for folder, commit in (("first", "main"), ("second", revision)):
        settings = f'[settings]\nmodel = "owner/none"\nrevision = "{commit}"\n'
        text = f'name = "far"\ntask = "mood"\nkind = "text-classification"\ndescription = "{folder}"\n{settings}'
        card(tmp_path / folder, "far", text)
    registry = Registry([tmp_path / "first", tmp_path / "second"], plugins=False, builtin=False)
    if is_same:
        assert registry.info("far").fingerprint() == ""
        assert registry.info("far").origin == str(tmp_path / "first/far")
    else:
        with pytest.raises(NameClashError, match="first/far and .*second/far"):
            _ = registry.experts


def test_no_weights_are_read_where_no_names_clash(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise AssertionError("a fingerprint was computed")

    monkeypatch.setattr("newsmoe.registry.cards.Card.fingerprint", fail)
    assert Registry(plugins=False).experts


def test_a_clash_of_card_and_code_names_both(install: Install) -> None:
    install("news-counters", {"counters": COUNTER}, {"lead": "counters:Namesake"})
    with pytest.raises(NameClashError, match=r"experts/lead and news-counters \(counters:Namesake\)"):
        _ = Registry().experts


def test_a_clash_of_two_distributions_names_both(install: Install) -> None:
    install("news-counters", {"counters": COUNTER}, {"counter": "counters:Counter"})
    install("more-counters", {"others": COUNTER}, {"counter": "others:Counter"})
    with pytest.raises(NameClashError, match="'counter'") as caught:
        _ = Registry().experts
    assert "news-counters (counters:Counter)" in str(caught.value)
    assert "more-counters (others:Counter)" in str(caught.value)


def test_a_clash_with_an_added_expert_names_both_and_changes_nothing() -> None:
    registry = Registry(plugins=False)
    with pytest.raises(NameClashError, match="experts/lead and added: FakeExpert"):
        registry.add(FakeExpert("lead", "summarization"))
    assert registry.info("lead").card is not None


@pytest.mark.parametrize(
    ("expert", "message"),
    [
        (FakeExpert, r"FakeExpert is a class; add an object of it: add\(FakeExpert\(\)\)"),
        ("lead", "str is no expert: it has no name and no task and no load"),
    ],
)
def test_what_is_no_expert_cannot_be_added(registry: Registry, expert: Any, message: str) -> None:
    with pytest.raises(BrokenExpertError, match=message):
        registry.add(expert)


def test_folders_may_be_named_by_texts_but_are_a_list(tmp_path: Path) -> None:
    card(tmp_path, "mine")
    assert "mine" in Registry([str(tmp_path)], plugins=False).experts
    with pytest.raises(TypeError, match=r"folders must be a list of folders, such as \['experts'\]"):
        Registry("experts")


@pytest.mark.parametrize(
    ("file", "text", "hint"),
    [
        ("mine/card.toml", "", "{folder}/mine has no expert.toml"),
        ("mine.toml", "", "{folder}/mine.toml must be {folder}/mine/expert.toml"),
        ("mine/expert.toml", 'name = "other"', "the card in {folder}/mine states another name"),
    ],
)
def test_a_card_in_another_place_is_named(tmp_path: Path, file: str, text: str, hint: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'{text}\ntask = "mine"\nkind = "lead"\ndescription = "d"\n')
    with pytest.raises(UnknownExpertError, match=f"no expert is called 'mine'; {hint.format(folder=tmp_path)}; see"):
        Registry([tmp_path], plugins=False).info("mine")


def test_an_unknown_name_names_the_nearest(registry: Registry) -> None:
    for request in (registry.info, registry.build):
        with pytest.raises(
            UnknownExpertError, match="no expert is called 'sentiment-new'; did you mean 'sentiment-news'"
        ):
            request("sentiment-new")


def test_an_unknown_name_like_no_other_lists_what_there_is(registry: Registry) -> None:
    with pytest.raises(UnknownExpertError, match=f"available: {', '.join(sorted(registry.experts))};"):
        registry.info("zzz")


@pytest.mark.parametrize(
    ("value", "code", "reason"),
    [
        ("counters:Counter", "import surely_not_installed", "ModuleNotFoundError: No module named 'surely"),
        ("counters:Counter", "def broken(:", "SyntaxError: "),
        ("counters:Counter", "1 / 0", "ZeroDivisionError: division by zero (counters.py, line 1)"),
        ("nowhere:Counter", COUNTER, "ModuleNotFoundError: No module named 'nowhere'"),
        ("counters:Nobody", COUNTER, "AttributeError: module 'counters' has no attribute 'Nobody'"),
        ("counters:Failing", COUNTER, "OSError: no licence file"),
        ("counters:Mute", COUNTER, "Mute is no expert: it has no predict(articles)"),
        ("counters:COUNT", "COUNT = 3", "int is no expert: it has no name and no task and no load(device) and no pred"),
        ("counters", COUNTER, "it is a module; name the class in it too, as in 'counters:MyExpert'"),
        ("counters:Misnamed", COUNTER, "entry point 'counter' and name 'reckoner' differ; make them equal"),
    ],
)
def test_a_broken_plug_in_shows_as_broken_and_others_are_unaffected(
    install: Install, value: str, code: str, reason: str
) -> None:
    install("news-counters", {"counters": code}, {"counter": value})
    registry = Registry()
    info = registry.info("counter")
    assert reason in str(info.broken)
    assert info.origin == f"news-counters ({value})"
    assert info not in registry.pool("count")
    assert "count" not in registry.tasks()
    assert "" not in registry.tasks()
    with pytest.raises(BrokenExpertError, match=rf"'counter' from news-counters \({value}\)") as caught:
        registry.build("counter")
    assert reason in str(caught.value)
    assert unaffected(registry)


COUNTER_CLASS = COUNTER.split("class Namesake")[0]


@pytest.mark.parametrize(
    "code",
    [
        COUNTER_CLASS + "    languages = None\n",
        COUNTER_CLASS + "    @property\n    def task(self):\n        raise OSError('no file')\n",
        COUNTER_CLASS + "    languages = 'en'\n",
        COUNTER_CLASS + "    after = 'topic'\n",
        COUNTER_CLASS + "    task = None\n",
        COUNTER_CLASS + "    task = 'my task'\n",
        COUNTER_CLASS + "    task = ''\n",
        "raise SystemExit(2)",
    ],
    ids=[
        "languages None",
        "task raises",
        "languages a string",
        "after a string",
        "task None",
        "blank",
        "no task",
        "exits on import",
    ],
)
def test_a_plug_in_with_invalid_attributes_shows_as_broken(install: Install, code: str) -> None:
    install("news-counters", {"counters": code}, {"counter": "counters:Counter"})
    assert Registry().info("counter").broken


def test_a_broken_card_shows_as_broken_and_others_are_unaffected(tmp_path: Path) -> None:
    card(tmp_path, "mine", "name = 'mine'")
    card(tmp_path, "other")
    registry = Registry([tmp_path], plugins=False)
    info = registry.info("mine")
    assert str(tmp_path / "mine" / "expert.toml") in str(info.broken)
    assert "description: is missing" in str(info.broken)
    assert info not in registry.pool(info.task)
    with pytest.raises(BrokenExpertError, match="'mine'.*description: is missing"):
        registry.build("mine")
    assert registry.build("other").task == "summarization"
    assert unaffected(registry)


def test_a_broken_copy_of_a_built_in_card_leaves_others_unaffected(tmp_path: Path) -> None:
    shutil.copytree(builtin_folder() / "lead", tmp_path / "lead")
    (tmp_path / "lead" / "expert.toml").write_text("name = 'my-lead")
    assert unaffected(Registry([tmp_path], plugins=False))


@pytest.mark.parametrize("change", ['kind = "lede"', 'kind = "lead"\n[settings]\nsentence = 3'])
def test_a_card_of_an_unknown_kind_or_with_wrong_settings_shows_as_broken(tmp_path: Path, change: str) -> None:
    card(tmp_path, "mine", f'name = "mine"\ntask = "summarization"\ndescription = "d"\n{change}')
    registry = Registry([tmp_path], plugins=False)
    assert registry.info("mine").broken
    assert "mine" not in [info.name for info in registry.pool("summarization")]


def test_an_unknown_kind_is_reported_with_the_file_and_the_kinds(tmp_path: Path) -> None:
    card(tmp_path, "mine", 'name = "mine"\ntask = "t"\ndescription = "d"\nkind = "clasifier"')
    path = re.escape(str(tmp_path / "mine" / "expert.toml"))
    with pytest.raises(BrokenExpertError, match=f"{path}: no kind is called 'clasifier'; did you mean 'classifier'"):
        Registry([tmp_path], plugins=False).build("mine")


def test_settings_are_changed_by_name() -> None:
    registry = Registry(changes={"lead": {"sentences": 1, "min_tokens": 1}}, plugins=False)
    article = Article(content="One went. Two went. Three went.")
    info = registry.info("lead")
    assert info.card is not None
    assert info.card.settings["sentences"] == 1
    assert registry.build("lead").predict([article])[0].fields() == {"summary": "One went."}
    plain = Registry(plugins=False)
    assert plain.build("lead").predict([article])[0].fields() == {"summary": article.content}
    assert plain.info("lead").card != info.card


def test_changed_settings_change_the_fingerprint(registry: Registry) -> None:
    changed = Registry(changes={"lead": {"sentences": 2}}, plugins=False).info("lead")
    assert changed.fingerprint() != registry.info("lead").fingerprint()


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """A card whose model lies as the hub's cache keeps one; the blob of its weights."""
    folder = tmp_path / "experts" / "tone"
    blobs, snapshot = folder / "blobs", folder / "snapshot"
    for made in (blobs, snapshot):
        made.mkdir(parents=True)
    for name, blob in (("config.json", "c0"), ("model.safetensors", "a0")):
        (blobs / blob).write_text("as the hub has it")
        (snapshot / name).symlink_to(blobs / blob)
    (folder / "expert.toml").write_text(
        'name = "tone"\ntask = "mood"\nkind = "text-classification"\ndescription = "tone"\n'
        '[settings]\nmodel = "./snapshot"\n'
    )
    return blobs / "a0"


def tone_today(tone: Path) -> str:
    return Registry([tone.parents[2]], plugins=False, builtin=False).info("tone").fingerprint()


def test_weights_of_the_hub_are_identified_by_their_hash_whenever_they_were_pulled(tone: Path) -> None:
    before = tone_today(tone)
    os.utime(tone, (1, 1))
    assert before == tone_today(tone) != ""
    weights = tone.parents[1] / "snapshot" / "model.safetensors"
    weights.unlink()
    assert tone_today(tone) == ""
    weights.symlink_to(tone.rename(tone.with_name("b1")))
    assert tone_today(tone) not in ("", before)


def test_weights_in_a_users_folder_are_identified_by_size_and_time(tone: Path) -> None:
    weights = tone.parents[1] / "snapshot" / "model.safetensors"
    weights.unlink()
    weights.write_text("mine")
    before = tone_today(tone)
    os.utime(weights, (1, 1))
    assert tone_today(tone) not in ("", before)


def test_a_plug_in_states_its_fingerprint_and_has_none_where_that_fails() -> None:
    class Open(FakeExpert):
        fingerprint = "one"

    registry = registry_of(WithoutFingerprint("shy"), Open("open"), FakeExpert("silent"))
    assert {name: info.fingerprint() for name, info in registry.experts.items()} == {
        "shy": "",
        "open": "one",
        "silent": "",
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sentnces": 1}, r"unknown key 'sentnces'; did you mean 'sentences'\?"),
        ({"sentences": 0}, "sentences: must be greater than or equal to 1"),
        ({"min_tokens": 300}, r"min_tokens \(300\) is over max_tokens \(250\)"),
    ],
)
def test_a_wrong_setting_is_reported_with_file_and_key(changes: dict[str, int], problem: str) -> None:
    registry = Registry(changes={"lead": changes}, plugins=False)
    path = re.escape(str(builtin_folder() / "lead" / "expert.toml"))
    with pytest.raises(CardError, match=rf"^{path}: \[settings\] .*{problem}.*; see \[experts.lead\]"):
        registry.build("lead")


def test_changed_settings_of_an_unknown_expert_are_reported_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"\[experts\.extractiv\] .*did you mean 'extractive'\?"):
        _ = Registry(changes={"extractiv": {}}, plugins=False).experts


def test_changed_settings_of_a_plug_in_without_settings_are_reported(install: Install) -> None:
    install("news-counters", {"counters": COUNTER}, {"counter": "counters:Counter"})
    with pytest.raises(ConfigError):
        Registry(changes={"counter": {"depth": 3}}).build("counter")


def test_tasks_and_pools_follow_the_experts(registry: Registry) -> None:
    tasks = registry.tasks()
    assert {"summarization", "sentiment", "topic"} <= set(tasks)
    assert len(tasks) == len(set(tasks))
    pooled = [info.name for task in tasks for info in registry.pool(task)]
    assert sorted(pooled) == sorted(registry.experts)
    assert registry.pool("translation") == []


@pytest.mark.parametrize(
    ("languages", "language", "reads"),
    [
        ((), "es", True),
        ((), None, True),
        (("en",), "en", True),
        (("en", "de"), "de", True),
        (("en",), "es", False),
        (("en",), None, True),
    ],
)
def test_an_expert_reads_its_languages_and_what_has_none(
    languages: tuple[str, ...], language: str | None, reads: bool
) -> None:
    assert ExpertInfo("a", "t", languages).reads(language) is reads


def test_lengths_are_the_experts_own_or_else_estimated() -> None:
    class Counting(FakeExpert):
        def lengths(self, articles: list[Article]) -> tuple[int, ...]:
            return tuple(article.words for article in articles)

    articles = [Article(headline="a storm", content="one two three"), Article()]
    assert lengths_of(Counting(), articles) == [3, 0]
    short, none = lengths_of(FakeExpert(), articles)
    assert short > none > 0


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:1", "mps", "auto"])
def test_a_device_is_named_as_in_torch(name: str) -> None:
    assert Device(name).name == name


@pytest.mark.parametrize("name", ["gpu", "", "CPU", "cud:1"])
def test_an_unknown_device_is_reported_with_the_valid_ones(name: str) -> None:
    with pytest.raises(ConfigError, match=f"unknown device '{name}'; use auto, cpu, cuda, mps or cuda:N"):
        Device(name)


def test_the_cpu_is_always_available() -> None:
    assert Device("cpu", threads=2).resolve() == Device("cpu", threads=2)


def test_a_fake_is_an_expert_and_a_plain_object_is_not() -> None:
    assert isinstance(FakeExpert(), Expert)
    assert not isinstance(object(), Expert)


def test_a_module_may_be_an_expert(install: Install) -> None:
    code = "name = task = 'count'\n\ndef load(device): ...\n\n\ndef predict(articles): return []\n"
    install("count-module", {"counting": code}, {"count": "counting"})
    info = Registry().info("count")
    assert (info.task, info.broken) == ("count", None)
