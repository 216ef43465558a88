import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsmoe import Article, Registry, Settings
from newsmoe.errors import ConfigError, ModelError, PluginError
from newsmoe.gating.build import build_gate
from newsmoe.gating.composite import CompositeGate
from newsmoe.gating.gate import Decision, UniformGate
from newsmoe.gating.rules import RulesGate
from newsmoe.orchestrator.routing import routed
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.settings.conditions import After
from newsmoe.settings.model import GATE_NAMES
from newsmoe.testing import FakeExpert
from tests.gating.support import NAMES, TASK, constant, equal
from tests.support import LentBackbone, LogCapture, registry_of

ARTICLE = Article(headline="Storm hits", content="word " * 100, language="en")


def settings(**values: Any) -> Settings:
    return Settings.model_validate(values)


def topic(chosen: Settings, registry: Registry) -> Decision:
    (route,) = build_gate(chosen, registry).route([ARTICLE])
    return {decision.task: decision for decision in route}["topic"]


def test_rules_and_the_gate_that_comes_with_newsmoe_decide_on_the_three_tasks(registry: Registry) -> None:
    rules = build_gate(settings(gate="rules"), registry)
    assert isinstance(rules, RulesGate)
    gate = build_gate(Settings(), registry)
    assert isinstance(gate, CompositeGate)
    assert list(gate.learned) == ["sentiment"]
    assert gate.tasks == rules.tasks == ("summarization", "sentiment", "topic")


def test_the_gate_all_uses_every_expert(registry: Registry) -> None:
    gate = build_gate(settings(gate="all"), registry)
    assert isinstance(gate, UniformGate)
    assert gate.tasks == ("summarization", "sentiment", "topic")
    decision = topic(settings(gate="all"), registry)
    there = {info.name for info in registry.pool("topic") if not info.missing}
    assert decision.weights.keys() == there
    assert {"topic-news", "topic-zero-shot"} <= there


def test_only_requested_tasks_are_decided_in_their_order(registry: Registry) -> None:
    for gate in ("rules", "all"):
        built = build_gate(settings(gate=gate, tasks=["topic", "summarization", "topic"]), registry)
        assert built.tasks == ("topic", "summarization")


def test_an_unknown_task_is_reported_with_the_nearest(registry: Registry) -> None:
    with pytest.raises(ConfigError, match=r"no expert predicts the task 'sentimnt'; did you mean 'sentiment'\?"):
        build_gate(settings(tasks=["sentimnt"]), registry)
    with pytest.raises(ConfigError, match="'xyz'; available: entities, .*, sport, summarization, topic"):
        build_gate(settings(rule=[{"use": {"xyz": "lead"}}]), registry)


@pytest.mark.parametrize("gate", ["rule", "ALL", "", "nowhere/gate"])
def test_an_unknown_gate_is_reported_with_the_valid_ones(registry: Registry, gate: str) -> None:
    with pytest.raises(ConfigError, match=f"no gate is called '{gate}'; use {', '.join(GATE_NAMES)}, a .toml file"):
        build_gate(settings(gate=gate), registry)


def test_user_rules_come_before_the_built_in_ones(registry: Registry) -> None:
    rules = settings(rule=[{"use": {"topic": "topic-zero-shot"}, "reason": "mine"}])
    assert topic(rules, registry) == Decision("topic", {"topic-zero-shot": 1.0}, (), "mine")
    elsewhere = settings(rule=[{"when": {"language": "de"}, "use": {"topic": "topic-zero-shot"}}])
    assert topic(elsewhere, registry) == topic(Settings(), registry)


def test_rules_of_a_file_come_before_those_of_the_settings(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[rule]]\nuse = { topic = "topic-zero-shot" }\nreason = "file"\n')
    both = settings(gate=str(path), rule=[{"use": {"topic": [], "sentiment": []}, "reason": "settings"}])
    (route,) = build_gate(both, registry).route([ARTICLE])
    reasons = {decision.task: decision.reason for decision in route}
    assert reasons == {"summarization": "built-in default", "sentiment": "settings", "topic": "file"}


def test_a_missing_file_of_rules_is_reported(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match=f"{re.escape(str(path))}: cannot be read"):
        build_gate(settings(gate=str(path)), registry)


def test_tasks_that_user_rules_name_are_decided_too() -> None:
    registry = Registry(plugins=False)
    registry.add(FakeExpert("mine", "mood"))
    gate = build_gate(settings(rule=[{"use": {"mood": "mine"}}]), registry)
    assert gate.tasks == ("summarization", "sentiment", "topic", "mood")
    assert build_gate(Settings(), registry).tasks == ("summarization", "sentiment", "topic")


def test_a_rule_for_an_unknown_expert_is_reported_with_the_nearest(registry: Registry) -> None:
    with pytest.raises(ConfigError, match="rule 1 sends 'topic' to 'topic-new'.*did you mean 'topic-news'"):
        build_gate(settings(rule=[{"use": {"topic": "topic-new"}}]), registry)


def test_a_rule_for_a_broken_expert_says_why_it_is_broken(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "expert.toml").write_text('name = "mine"')
    registry = Registry([tmp_path], plugins=False)
    with pytest.raises(ConfigError, match="description: is missing"):
        build_gate(settings(rule=[{"use": {"topic": "mine"}}]), registry)


@pytest.fixture
def moody(tmp_path: Path, quick_backbone: Backbone) -> Registry:
    """Three experts, and a gate among the user's folders that prefers the second."""
    constant(tmp_path / "users" / "gate-mood", [0.2, 0.7, 0.1])
    registry = Registry([tmp_path / "users"], plugins=False)
    registry.backbones = LentBackbone(quick_backbone)
    for name in NAMES:
        registry.add(FakeExpert(name, TASK))
    return registry


def mood(registry: Registry, **values: Any) -> Decision:
    chosen = settings(tasks=[TASK, "topic"], **values)
    (route,) = build_gate(chosen, registry).route([ARTICLE])
    assert [decision.task for decision in route] == [TASK, "topic"]
    return route[0]


def test_a_learned_gate_decides_on_its_task_and_rules_on_the_others(moody: Registry) -> None:
    assert mood(moody, gate="rules").weights == {"first": 1.0}
    assert mood(moody, gate="learned").weights == {"second": 1.0}
    gate = build_gate(settings(tasks=[TASK, "topic"], gate="learned"), moody)
    rules = build_gate(settings(tasks=[TASK, "topic"], gate="rules"), moody)
    assert gate.route([ARTICLE])[0][1] == rules.route([ARTICLE])[0][1]


def test_by_default_a_learned_gate_decides_where_it_was_better_than_rules(moody: Registry) -> None:
    assert mood(moody).weights == {"first": 1.0}
    constant(moody.folders[0] / "gate-mood", [0.2, 0.7, 0.1], better=True)
    assert mood(moody).weights == {"second": 1.0}
    assert set(mood(moody, top_k=2).weights) == {"first", "second"}


def test_a_gate_decides_of_the_articles_that_it_was_made_for(moody: Registry) -> None:
    folder = moody.folders[0] / "gate-mood"
    constant(folder, [0.2, 0.7, 0.1], when={"max_words": 100})
    assert mood(moody, gate="learned").weights == {"second": 1.0}
    constant(folder, [0.2, 0.7, 0.1], when={"max_words": 99})
    assert mood(moody, gate="learned") == mood(moody, gate="rules")


def test_by_default_rules_decide_where_a_gate_was_trained_for_other_experts(moody: Registry, log: LogCapture) -> None:
    experts = [expert.model_copy(update={"fingerprint": "of another"}) for expert in equal(NAMES)]
    constant(moody.folders[0] / "gate-mood", [0.2, 0.7, 0.1], experts=experts, better=True)
    log.set_level(logging.INFO)
    assert mood(moody).weights == {"first": 1.0}
    assert f"gate-mood is not used for {TASK}: " in log.text
    assert "first has changed" in log.text
    with pytest.raises(ConfigError, match="trained for other experts: first has changed"):
        mood(moody, gate="learned")


def test_by_default_a_gate_that_is_not_better_displaces_none_that_is(moody: Registry, tmp_path: Path) -> None:
    constant(moody.folders[0] / "gate-mood", [0.2, 0.7, 0.1], better=True)
    moody.folders = (*moody.folders, tmp_path / "own")
    constant(tmp_path / "own" / "gate-mood", [0.1, 0.2, 0.7])
    assert mood(moody).weights == {"second": 1.0}
    constant(tmp_path / "own" / "gate-mood", [0.1, 0.2, 0.7], better=True)
    assert mood(moody).weights == {"third": 1.0}


@pytest.mark.parametrize("damage", ["gate.toml", "gate.safetensors"])
def test_by_default_rules_decide_where_a_gate_is_damaged(moody: Registry, damage: str) -> None:
    folder = moody.folders[0] / "gate-mood"
    constant(folder, [0.2, 0.7, 0.1], better=True)
    (folder / damage).unlink()
    (folder / damage).mkdir()
    assert mood(moody).weights == {"first": 1.0}
    with pytest.raises((ConfigError, ModelError), match="gate-mood/gate"):
        mood(moody, gate="learned")


def test_a_gate_is_named_by_its_folder(moody: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    constant(folder, [0.1, 0.2, 0.7])
    assert mood(moody, gate=str(folder)).weights == {"third": 1.0}
    with pytest.raises(ConfigError, match="gate.toml: cannot be read"):
        mood(moody, gate=str(tmp_path))


def test_user_rules_come_before_the_learned_gate(moody: Registry) -> None:
    rule = {"when": {"headline": "Storm"}, "use": {TASK: "third"}, "reason": "mine"}
    assert mood(moody, gate="learned", rule=[rule]) == Decision(TASK, {"third": 1.0}, (), "mine")
    other = {"when": {"headline": "Calm"}, "use": {TASK: "third"}}
    assert mood(moody, gate="learned", rule=[other]).weights == {"second": 1.0}


def test_where_a_deferred_rule_does_not_hold_the_learned_gate_decides(moody: Registry) -> None:
    after = {"task": "topic", "label": "sport"}
    rules = [{"after": after, "use": {TASK: "third"}}, {"after": after, "use": {TASK: []}}]
    first = mood(moody, gate="learned", rule=rules)
    assert (first.weights, first.condition) == ({"third": 1.0}, After(task="topic", label=("sport",)))
    assert first.otherwise is not None
    assert first.otherwise.otherwise == mood(moody, gate="learned")
    last = [*rules, {"use": {TASK: "first"}, "reason": "mine"}]
    chain = mood(moody, gate="learned", rule=last)
    assert chain.otherwise is not None
    assert chain.otherwise.otherwise == Decision(TASK, {"first": 1.0}, (), "mine")


def test_a_learned_gate_defers_an_expert_where_the_other_task_is_requested(moody: Registry) -> None:
    deferred: Any = FakeExpert("fourth", TASK)
    deferred.after = {"task": "topic", "label": "sport"}
    moody.add(deferred)
    constant(moody.folders[0] / "gate-mood", [0.2, 0.1, 0.7], experts=equal(("first", "second", "fourth")))
    assert mood(moody, gate="learned").after.keys() == {"fourth"}
    ((alone,),) = build_gate(settings(gate="learned", tasks=[TASK]), moody).route([ARTICLE])
    assert (alone.weights, alone.after) == ({"fourth": 1.0}, {})


def test_settings_change_how_a_learned_gate_chooses(moody: Registry) -> None:
    assert set(mood(moody, gate="learned", top_k=2).weights) == {"first", "second"}
    assert mood(moody, gate="learned", budget=0.4).weights == {"second": 1.0}
    assert set(mood(moody, gate="learned", top_k=2, budget=0.4).weights) == {"second"}
    with pytest.raises(ConfigError, match="a capacity of 0.2 is too small"):
        mood(moody, gate="learned", capacity=0.2)
    with pytest.raises(ConfigError, match="capacity and budget exclude each other"):
        mood(moody, gate="learned", capacity=0.5, budget=0.5)


@pytest.mark.parametrize("gate", ["rules", "all"])
def test_settings_that_require_a_learned_gate_are_refused_elsewhere(registry: Registry, gate: str) -> None:
    with pytest.raises(ConfigError, match="budget: requires a learned gate, and none is used here"):
        build_gate(settings(gate=gate, budget=0.5), registry)


def test_the_gate_that_comes_with_newsmoe_fits_its_experts(registry: Registry) -> None:
    gate = build_gate(settings(gate="learned"), registry)
    review = Article(headline="A charming and funny film", language="en")
    ((summary, tone, topic), *_) = gate.route([review])
    assert tone.weights.keys() == {"sentiment-general", "sentiment-reviews"}
    assert sum(tone.weights.values()) == pytest.approx(1.0)
    assert [decision.task for decision in (summary, tone, topic)] == ["summarization", "sentiment", "topic"]


def test_a_missing_learned_gate_is_reported() -> None:
    with pytest.raises(ConfigError, match="has a learned gate in it; make one: newsmoe gate train"):
        build_gate(settings(gate="learned", tasks=[TASK]), registry_of(FakeExpert("alone", TASK)))


def test_a_gate_in_a_folder_of_experts_is_no_expert(moody: Registry) -> None:
    assert not [info for info in moody.experts.values() if "gate" in info.name or info.broken]


PLUGIN = """
from newsmoe.gating.gate import Decision


class Cheapest:
    def __init__(self, context):
        self.tasks = tuple(context.pools)
        self.pools = context.pools

    def route(self, articles):
        last = {task: pool[-1].name for task, pool in self.pools.items()}
        return [
            tuple(Decision(task, {name: 1.0}, (), "the last of its pool") for task, name in last.items())
            for _ in articles
        ]
"""


def test_a_package_adds_a_gate(install: Callable[..., None], registry: Registry) -> None:
    install("more-gates", {"more_gates": PLUGIN}, {"cheapest": "more_gates:Cheapest"}, "newsmoe.gates")
    ((decision,),) = build_gate(settings(gate="cheapest", tasks=["topic"]), registry).route([ARTICLE])
    assert (decision.weights, decision.reason) == ({"topic-zero-shot": 1.0}, "the last of its pool")
    with pytest.raises(ConfigError, match="use auto, rules, all, learned, cheapest, a .toml file"):
        build_gate(settings(gate="dearest"), registry)


def test_a_broken_gate_is_reported_and_others_are_unaffected(install: Callable[..., None], registry: Registry) -> None:
    install("bad-gates", {"bad_gates": "1 / 0"}, {"bad": "bad_gates:Gate"}, "newsmoe.gates")
    with pytest.raises(PluginError, match="the gate 'bad' of bad-gates .*ZeroDivisionError"):
        build_gate(settings(gate="bad"), registry)
    assert build_gate(settings(gate="all"), registry).tasks


@pytest.mark.parametrize(
    ("module", "wrong", "message"),
    [
        ("failing", "return 1 / 0", "the gate Cheapest of failing failed: ZeroDivisionError: division by zero"),
        ("sparing", "return []", "the gate Cheapest of sparing failed: ValueError: 0 routes for 1 article"),
        (
            "naming",
            "return [('topic-news',)]",
            "TypeError: a route must be a tuple of Decision, and has 'topic-news' in",
        ),
        (
            "mapping",
            "return [{'topic': 'a'}]",
            "TypeError: a route must be a tuple of Decision, and has {'topic': 'a'} in",
        ),
        (
            "weighing",
            "return [(Decision('topic', {'topic-news': 1.5}, (), 'why'),)]",
            "the gate Cheapest of weighing failed: ValueError: weights must be numbers from 0 to 1, and are {",
        ),
    ],
)
def test_what_a_gate_of_a_package_does_wrong_is_an_error_that_names_it(
    module: str, wrong: str, message: str, install: Callable[..., None], registry: Registry
) -> None:
    code = PLUGIN.replace("last = {", f"{wrong}\n        last = {{")
    install("odd-gates", {module: code}, {module: f"{module}:Cheapest"}, "newsmoe.gates")
    gate = build_gate(settings(gate=module, tasks=["topic"]), registry)
    with pytest.raises(PluginError, match=re.escape(message)):
        list(routed(gate, [ARTICLE]))


def test_a_gate_of_a_package_that_cannot_be_made_is_named(install: Callable[..., None], registry: Registry) -> None:
    code = PLUGIN.replace("self.pools = context.pools", "self.pools = context.polls")
    install("odd-gates", {"unmade_gates": code}, {"unmade": "unmade_gates:Cheapest"}, "newsmoe.gates")
    with pytest.raises(PluginError, match="the gate Cheapest of unmade_gates failed: AttributeError"):
        build_gate(settings(gate="unmade"), registry)
