"""From settings to a gate."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from newsmoe.errors import ConfigError, ModelError, nearest
from newsmoe.gating.gate import Gate, UniformGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.journal.store import PredictionStore
from newsmoe.registry.device import Device
from newsmoe.registry.registry import ExpertInfo, Registry, builtin_folder
from newsmoe.settings.conditions import Rule
from newsmoe.settings.model import DEFAULT_TASKS, GATES, Settings
from newsmoe.settings.sources import is_gate_folder
from newsmoe.validation import describe

if TYPE_CHECKING:
    from newsmoe.gating.gate_card import GateCard
    from newsmoe.gating.learned import LearnedGate

_logger = logging.getLogger(__name__)

LIMITS = ("top_k", "capacity", "budget")
"""Settings that a learned gate obeys, and no other."""


def build_gate(settings: Settings, registry: Registry, store: PredictionStore | None = None) -> Gate:
    """Make the gate that the settings ask for."""
    rules = _own_rules(settings)
    tasks = settings.tasks or tuple(
        dict.fromkeys((*DEFAULT_TASKS, *(task for rule in rules for task in rule.use)))
    )
    known = registry.tasks()
    for task in (*tasks, *(task for rule in rules for task in rule.use)):
        if task not in known:
            raise ConfigError(f"no expert answers the task {task!r}; {nearest(task, known)}")
    for name in {name for rule in rules for use in rule.use.values() for name in named_experts(use)}:
        if (info := registry.experts.get(name)) and info.broken:
            raise ConfigError(f"a rule names the expert {name!r}, which is broken: {info.broken}")
    pools = {task: registry.pool(task) for task in tasks}
    _check_waiting(pools, rules, known)
    learned = _learned_gates(settings, registry, pools, store)
    if settings.gate == "all":
        for pool in pools.values():
            _check_present(pool)
        return UniformGate(pools)
    own, rules = rules, (*rules, *read_rules(DEFAULT_RULES))
    gate = RulesGate(rules, pools)
    for task, pool in pools.items():
        by_name = {info.name: info for info in pool}
        uses = [rule.use[task] for rule in rules if task in rule.use]
        for use in uses or [tuple(by_name)]:
            _check_present([by_name[name] for name in named_experts(use)], all_of_them=isinstance(use, dict))
    if not learned:
        return gate
    from newsmoe.gating.composite import CompositeGate

    return CompositeGate(gate, learned, own)


def _check_waiting(
    pools: Mapping[str, Sequence[ExpertInfo]], rules: Sequence[Rule], known: Sequence[str]
) -> None:
    """See that every answer that somebody waits for can come."""
    waits: dict[str, set[str]] = {task: set() for task in pools}
    for task, pool in pools.items():
        waiting = [(info.origin or info.name, info.after) for info in pool if info.after]
        waiting += [("a rule", rule.after) for rule in rules if rule.after and task in rule.use]
        for who, after in waiting:
            if after.task not in known:
                raise ConfigError(
                    f"{who}: 'after' waits for the task {after.task!r}, which no expert answers;"
                    f" {nearest(after.task, known)}"
                )
            waits[task].add(after.task)
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        raise ConfigError(
            f"'after': these tasks wait for each other: {', '.join(error.args[1][1:])}"
        ) from None


def _learned_gates(
    settings: Settings,
    registry: Registry,
    pools: Mapping[str, Sequence[ExpertInfo]],
    store: PredictionStore | None,
) -> dict[str, "LearnedGate"]:
    """Return the learned gates that the settings ask for, by task; a task without one keeps the rules."""
    limits = {name: value for name in LIMITS if (value := getattr(settings, name)) is not None}
    gates = {}
    if settings.gate in ("auto", "learned") or is_gate_folder(settings.gate):
        for card in _gate_cards(settings, registry, pools):
            gates[card.task] = _learned_gate(card, settings, registry, pools[card.task], limits, store)
    if limits and not gates:
        raise ConfigError(
            f"{', '.join(limits)}: only a learned gate heeds this, and none decides here; see --gate"
        )
    return gates


def _gate_cards(
    settings: Settings, registry: Registry, pools: Mapping[str, Sequence[ExpertInfo]]
) -> "list[GateCard]":
    """Return the cards of the gates that the settings ask for, as far as their tasks are asked for.

    By default that are those that were measured to be better than the rules, for the experts that are there.
    """
    from newsmoe.gating.gate_card import find_gates, read_gate

    if is_gate_folder(settings.gate):
        card = read_gate(Path(settings.gate))
        return [card] if card.task in pools else []
    folders = (*([builtin_folder()] if registry.builtin else []), *registry.folders)
    if settings.gate == "learned":
        found = find_gates(folders)
        if not found:
            raise ConfigError("no folder of experts has a learned gate in it; make one: newsmoe gate train")
        return [found[task] for task in pools if task in found]
    try:
        found = find_gates(folders, partial(_decides, pools=pools))
    except ConfigError as error:
        _logger.warning("rules decide: %s", error)
        return []
    return [found[task] for task in pools if task in found]


def _decides(card: "GateCard", pools: Mapping[str, Sequence[ExpertInfo]]) -> bool:
    """Tell whether a gate decides unasked: it was measured to be better, and is made for these experts."""
    from newsmoe.gating.gate_card import check_experts

    if not card.better or card.task not in pools:
        return False
    try:
        check_experts(card, pools[card.task])
        card.fingerprint()
    except (ConfigError, ModelError) as error:
        _logger.info("%s does not decide on %s: %s", card.folder, card.task, error)
        return False
    return True


def _learned_gate(
    card: "GateCard",
    settings: Settings,
    registry: Registry,
    pool: Sequence[ExpertInfo],
    limits: Mapping[str, float],
    store: PredictionStore | None,
) -> "LearnedGate":
    """Return the gate of a card, within the limits of the settings."""
    from newsmoe.gating.gate_card import GateSettings
    from newsmoe.gating.learned import LearnedGate, ScoreCache

    try:
        chosen = GateSettings.model_validate({**card.settings.model_dump(), **limits})
    except ValidationError as error:
        raise ConfigError(f"{card.folder}: {describe(error, GateSettings)}") from None
    device = Device(settings.device, settings.threads).resolve()
    there = ",".join(info.name for info in pool if info.name in card.names and not info.missing)
    cache_key = " ".join((card.folder.name, card.fingerprint(), "of", there, device.kind, version("newsmoe")))
    score_cache = ScoreCache(store, cache_key) if store is not None else None
    return LearnedGate(card, pool, partial(registry.backbones.backbone, device), chosen, score_cache)


def _check_present(named: Sequence[ExpertInfo], *, all_of_them: bool = False) -> None:
    """See that somebody of those named can answer, or all of them."""
    missing = [info.missing for info in named if info.missing]
    if missing and (all_of_them or len(missing) == len(named)):
        raise ModelError(missing[0])


def _own_rules(settings: Settings) -> tuple[Rule, ...]:
    if settings.gate.endswith(".toml"):
        return (*read_rules(Path(settings.gate)), *settings.rule)
    if settings.gate not in GATES and not is_gate_folder(settings.gate):
        raise ConfigError(
            f"no gate is called {settings.gate!r}; use {', '.join(GATES)}, a .toml file of rules, or the"
            " folder of a learned gate"
        )
    return settings.rule
