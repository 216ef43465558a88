"""From settings to a gate."""

from collections.abc import Mapping, Sequence
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from newsmoe.config import DEFAULT_TASKS, GATES, Rule, Settings, is_gate_folder
from newsmoe.errors import ConfigError, ModelError, nearest
from newsmoe.gating.gate import Gate, UniformGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.registry.expert import Device
from newsmoe.registry.registry import ExpertInfo, Registry, builtin_folder
from newsmoe.validation import describe

if TYPE_CHECKING:
    from newsmoe.gating.learned import LearnedGate

__all__ = ["build_gate"]

LIMITS = ("top_k", "capacity", "budget")
"""Settings that a learned gate obeys, and no other."""


def build_gate(settings: Settings, registry: Registry) -> Gate:
    """Make the gate that the settings ask for.

    Raises:
        ConfigError: the gate or a task is not known, or a rule makes no sense.
        ModelError: nobody whom a rule names has a model on this machine.
    """
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
    learned = _learned_gates(settings, registry, pools)
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
    from newsmoe.gating.joined import JoinedGate

    return JoinedGate(gate, learned, own)


def _check_waiting(
    pools: Mapping[str, Sequence[ExpertInfo]], rules: Sequence[Rule], known: Sequence[str]
) -> None:
    """See that every answer that somebody waits for can come.

    Raises:
        ConfigError: nobody answers that task, or tasks wait for each other.
    """
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
    settings: Settings, registry: Registry, pools: Mapping[str, Sequence[ExpertInfo]]
) -> dict[str, "LearnedGate"]:
    """Return the learned gates that the settings ask for, by task; a task without one keeps the rules.

    Raises:
        ConfigError: there is none at all, or one does not fit the experts or the settings.
    """
    limits = {name: value for name in LIMITS if (value := getattr(settings, name)) is not None}
    if settings.gate != "learned" and not is_gate_folder(settings.gate):
        if limits:
            raise ConfigError(f"{', '.join(limits)}: only a learned gate heeds this; use --gate learned")
        return {}
    from newsmoe.gating.artefact import GateSettings, find_gates, read_gate
    from newsmoe.gating.learned import LearnedGate

    if settings.gate == "learned":
        found = find_gates((*([builtin_folder()] if registry.builtin else []), *registry.folders))
    else:
        card = read_gate(Path(settings.gate))
        found = {card.task: card}
    if not found:
        raise ConfigError("no folder of experts has a learned gate in it; make one: newsmoe gate train")
    device = Device(settings.device, settings.threads).resolve()
    backbone = partial(registry.workshop.backbone, device)
    gates = {}
    for card in (found[task] for task in pools if task in found):
        try:
            chosen = GateSettings.model_validate({**card.settings.model_dump(), **limits})
        except ValidationError as error:
            raise ConfigError(f"{card.folder}: {describe(error, GateSettings)}") from None
        gates[card.task] = LearnedGate(card, pools[card.task], backbone, chosen)
    return gates


def _check_present(named: Sequence[ExpertInfo], *, all_of_them: bool = False) -> None:
    """See that somebody of those named can answer, or all of them.

    Raises:
        ModelError: the models are not on this machine; says what to do.
    """
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
