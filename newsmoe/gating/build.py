"""From settings to a gate."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from newsmoe.errors import ConfigError, ModelError, nearest
from newsmoe.gating.gate import Gate, UniformGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.journal.store import PredictionStore
from newsmoe.plugins import Plugins, naming_plugin
from newsmoe.prediction import EXTENDED
from newsmoe.registry.cache_key import cache_key
from newsmoe.registry.device import device_of
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.labels import check_labels
from newsmoe.registry.registry import Registry, roots_of
from newsmoe.settings.conditions import After, Rule
from newsmoe.settings.model import DEFAULT_TASKS, Settings, is_gate_folder
from newsmoe.validation import describe

if TYPE_CHECKING:
    from newsmoe.gating.gate_card import GateCard
    from newsmoe.gating.learned import LearnedGate

LIMITS = ("top_k", "capacity", "budget")
"""Settings that require a learned gate."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class GateContext:
    """What a gate is built from.

    Attributes:
        settings: of the run.
        registry: has the experts.
        pools: the experts of each task of the run, broken ones left out.
        user_rules: rules of the user's own; the built-in ones are not among them.
        store: keeps predictions between runs; None: nothing does.
    """

    settings: Settings
    registry: Registry
    pools: Mapping[str, list[ExpertInfo]]
    user_rules: tuple[Rule, ...] = ()
    store: PredictionStore | None = None


GATES: Plugins[Callable[[GateContext], Gate]] = Plugins(
    "newsmoe.gates",
    "gate",
    {
        "auto": "newsmoe.gating.build:build_auto",
        "rules": "newsmoe.gating.build:build_rules",
        "all": "newsmoe.gating.build:build_uniform",
        "learned": "newsmoe.gating.build:build_learned",
    },
)


def build_gate(settings: Settings, registry: Registry, store: PredictionStore | None = None) -> Gate:
    """Make the gate that the settings ask for; `store` keeps the scores of learned gates."""
    build = _builder(settings.gate)
    user_rules = settings.rule
    if settings.gate.endswith(".toml"):
        user_rules = (*read_rules(Path(settings.gate)), *user_rules)
    named = [task for rule in user_rules for task in rule.use]
    tasks = settings.tasks or tuple(dict.fromkeys((*DEFAULT_TASKS, *named)))
    existing = registry.tasks()
    for task in (*tasks, *named):
        if task not in existing:
            raise ConfigError(f"no expert predicts the task {task!r}; {nearest(task, existing)}")
    _check_rules(user_rules, registry)
    extended = {EXTENDED.get(task) for task in tasks}
    pools = {task: registry.pool(task) for task in tasks if task not in extended}
    _check_deferred(pools, user_rules, registry)
    with naming_plugin("gate", build):
        return build(GateContext(settings, registry, pools, user_rules, store))


def build_uniform(context: GateContext) -> Gate:
    """Make the gate that runs every eligible expert."""
    _refuse_limits(context.settings, None)
    for pool in context.pools.values():
        _check_present(pool)
        check_labels(context.registry, (info.name for info in pool))
    return UniformGate(context.pools)


def build_rules(context: GateContext) -> RulesGate:
    """Make the gate of the user's rules and the built-in ones."""
    gate = _rules_gate(context)
    _refuse_limits(context.settings, gate)
    return gate


def build_auto(context: GateContext) -> Gate:
    """Make a gate of rules, with learned gates where they were measured to be better for these experts."""
    from newsmoe.gating.gate_card import find_gates

    try:
        cards = find_gates(roots_of(context.registry), partial(_decides, pools=context.pools))
    except ConfigError as error:
        _logger.warning("the gate of rules is used: %s", error)
        cards = {}
    return _composite(context, cards)


def build_learned(context: GateContext) -> Gate:
    """Make a gate of the learned gates that there are, with rules for the other tasks."""
    from newsmoe.gating.gate_card import find_gates

    cards = find_gates(roots_of(context.registry))
    if not cards:
        raise ConfigError("no folder of experts has a learned gate in it; make one: newsmoe gate train")
    return _composite(context, cards)


def build_from_folder(context: GateContext) -> Gate:
    """Make a gate of the learned one in a folder, with rules for the other tasks."""
    from newsmoe.gating.gate_card import read_gate

    card = read_gate(Path(context.settings.gate))
    return _composite(context, {card.task: card})


def _builder(gate: str) -> Callable[[GateContext], Gate]:
    if gate.endswith(".toml"):
        return build_rules
    if is_gate_folder(gate):
        return build_from_folder
    if gate not in GATES:
        raise ConfigError(
            f"no gate is called {gate!r}; use {', '.join(GATES)}, a .toml file of rules, or the folder of a"
            " learned gate"
        )
    return GATES.load(gate)


def _check_rules(rules: Sequence[Rule], registry: Registry) -> None:
    """Refuse rules that name a broken expert."""
    for name in {name for rule in rules for use in rule.use.values() for name in named_experts(use)}:
        if (info := registry.experts.get(name)) and info.broken:
            raise ConfigError(f"a rule names the expert {name!r}, which is broken: {info.broken}")


def _check_deferred(pools: Mapping[str, Sequence[ExpertInfo]], rules: Sequence[Rule], registry: Registry) -> None:
    """Refuse deferred experts and rules that can never run, and tasks that wait for each other."""
    waits: dict[str, set[str]] = {task: set() for task in pools}
    for task, pool in pools.items():
        deferred = [(info.origin or info.name, info.after) for info in pool if info.after]
        deferred += [("a rule", rule.after) for rule in rules if rule.after and task in rule.use]
        for origin, after in deferred:
            _check_after(after, origin, registry)
            waits[task].add(after.task)
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        raise ConfigError(f"'after': these tasks wait for each other: {', '.join(error.args[1][1:])}") from None


def _check_after(after: After, origin: str, registry: Registry) -> None:
    """Refuse a task that no expert predicts, and labels that none of its experts has, where all say which they have."""
    existing = registry.tasks()
    if after.task not in existing:
        raise ConfigError(
            f"{origin}: 'after' waits for the task {after.task!r}, which no expert predicts;"
            f" {nearest(after.task, existing)}"
        )
    stated = [info.labels for info in registry.pool(after.task)]
    labels = {label.casefold() for some in stated for label in some}
    if all(stated) and (unknown := [label for label in after.label if label.casefold() not in labels]):
        raise ConfigError(
            f"{origin}: 'after' waits for the label {unknown[0]!r}, which no expert for {after.task} predicts;"
            f" {nearest(unknown[0].casefold(), labels)}"
        )


def _check_present(experts: Sequence[ExpertInfo], *, all_of_them: bool = False) -> None:
    """See that at least one of the experts has its model on this machine, or that all have."""
    missing = [info.missing for info in experts if info.missing]
    if missing and (all_of_them or len(missing) == len(experts)):
        raise ModelError(missing[0])


def _refuse_limits(settings: Settings, gate: RulesGate | None) -> None:
    """Refuse limits of learned gates; a budget also holds for what second experts read again."""
    limits = [name for name in LIMITS if getattr(settings, name) is not None]
    if gate and gate.second and "budget" in limits:
        limits.remove("budget")
    if limits:
        verb = "requires" if len(limits) == 1 else "require"
        raise ConfigError(f"{', '.join(limits)}: {verb} a learned gate, and none is used here; see --gate")


def _rules_gate(context: GateContext) -> RulesGate:
    default = read_rules(DEFAULT_RULES)
    if context.settings.gate != "auto":  # which alone has second experts read without being asked
        default = tuple(rule.model_copy(update={"unsure": {}}) for rule in default)
    rules = (*context.user_rules, *default)
    gate = RulesGate(rules, context.pools)
    for task, pool in context.pools.items():
        by_name = {info.name: info for info in pool}
        uses = [rule.use[task] for rule in rules if task in rule.use]
        for use in uses or [tuple(by_name)]:
            _check_present([by_name[name] for name in named_experts(use)], all_of_them=isinstance(use, dict))
            check_labels(context.registry, named_experts(use))
    decided = {task for rule in context.user_rules for task in rule.use}
    if second := {name for task in gate.tasks if task not in decided for name in gate.second_of(task)}:
        names = f"{', '.join(sorted(second))} {'read' if len(second) > 1 else 'reads'} again"
        _logger.info("%s what smaller experts are not sure of; --gate rules goes without", names)
    return gate


def _composite(context: GateContext, cards: "Mapping[str, GateCard]") -> Gate:
    """Return the gates of the cards beside rules, or rules alone where no card fits a task."""
    learned = {task: _learned_gate(cards[task], context) for task in context.pools if task in cards}
    if not learned:
        return build_rules(context)
    from newsmoe.gating.composite import CompositeGate

    return CompositeGate(_rules_gate(context), learned, context.user_rules)


def _decides(card: "GateCard", pools: Mapping[str, Sequence[ExpertInfo]]) -> bool:
    """Tell whether a gate decides by default: measured to be better, and for these experts."""
    from newsmoe.gating.gate_card import check_experts

    if not card.better or card.task not in pools:
        return False
    try:
        check_experts(card, pools[card.task])
        card.fingerprint()
    except (ConfigError, ModelError) as error:
        _logger.info("%s is not used for %s: %s", card.folder, card.task, error)
        return False
    return True


def _learned_gate(card: "GateCard", context: GateContext) -> "LearnedGate":
    """Return the gate of a card, within the limits of the settings."""
    from newsmoe.gating.gate_card import GateSettings
    from newsmoe.gating.learned import LearnedGate, ScoreCache

    settings, pool = context.settings, context.pools[card.task]
    check_labels(context.registry, card.names)
    limits = {name: value for name in LIMITS if (value := getattr(settings, name)) is not None}
    try:
        gate_settings = GateSettings.model_validate({**card.settings.model_dump(), **limits})
    except ValidationError as error:
        raise ConfigError(f"{card.folder}: {describe(error, GateSettings)}") from None
    device = device_of(settings)
    present = ",".join(info.name for info in pool if info.name in card.names and not info.missing)
    score_cache = None
    if context.store is not None:
        key = cache_key(card.folder.name, card.fingerprint(), "of", present, device.kind)
        score_cache = ScoreCache(context.store, key)
    backbone = partial(context.registry.backbones.backbone, device)
    return LearnedGate(card, pool, backbone, gate_settings, score_cache)
