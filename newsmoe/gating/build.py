"""From settings to a gate."""

from collections.abc import Sequence
from pathlib import Path

from newsmoe.config import DEFAULT_TASKS, Rule, Settings
from newsmoe.errors import ConfigError, ModelError, nearest
from newsmoe.gating.gate import Gate, UniformGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.registry.registry import ExpertInfo, Registry

__all__ = ["GATES", "build_gate"]

GATES = ("rules", "all")


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
    if settings.gate == "all":
        for pool in pools.values():
            _check_present(pool)
        return UniformGate(pools)
    rules = (*rules, *read_rules(DEFAULT_RULES))
    gate = RulesGate(rules, pools)
    for task, pool in pools.items():
        by_name = {info.name: info for info in pool}
        uses = [rule.use[task] for rule in rules if task in rule.use]
        for use in uses or [tuple(by_name)]:
            _check_present([by_name[name] for name in named_experts(use)], all_of_them=isinstance(use, dict))
    return gate


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
    if settings.gate not in GATES:
        raise ConfigError(
            f"no gate is called {settings.gate!r}; use {', '.join(GATES)}, or a .toml file of rules"
        )
    return settings.rule
