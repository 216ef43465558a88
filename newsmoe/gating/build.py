"""From settings to a gate."""

from pathlib import Path

from newsmoe.config import DEFAULT_TASKS, Rule, Settings
from newsmoe.errors import ConfigError, nearest
from newsmoe.gating.gate import Gate, UniformGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.registry.registry import Registry

__all__ = ["GATES", "build_gate"]

GATES = ("rules", "all")


def build_gate(settings: Settings, registry: Registry) -> Gate:
    """Make the gate that the settings ask for.

    Raises:
        ConfigError: the gate or a task is not known, or a rule makes no sense.
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
        return UniformGate(pools)
    return RulesGate((*rules, *read_rules(DEFAULT_RULES)), pools)


def _own_rules(settings: Settings) -> tuple[Rule, ...]:
    if settings.gate.endswith(".toml"):
        return (*read_rules(Path(settings.gate)), *settings.rule)
    if settings.gate not in GATES:
        raise ConfigError(
            f"no gate is called {settings.gate!r}; use {', '.join(GATES)}, or a .toml file of rules"
        )
    return settings.rule
