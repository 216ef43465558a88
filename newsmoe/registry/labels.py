"""The labels of a task, and experts that predict others.

The labels of a task are those of the built-in experts for it, with the settings in force. A task without any
is the user's own.
"""

from collections.abc import Iterable

from newsmoe.errors import ConfigError
from newsmoe.registry.registry import Registry


def allowed_labels(registry: Registry, expert: str) -> frozenset[str]:
    """Return the labels that an expert may predict; none where it may predict any."""
    info = registry.experts.get(expert)
    if info is None or info.builtin:
        return frozenset()
    return built_in_labels(registry, info.task)


def built_in_labels(registry: Registry, task: str) -> frozenset[str]:
    """Return the labels that the built-in experts for a task predict; none where there is no such expert."""
    return frozenset(label for expert in registry.pool(task) if expert.builtin for label in expert.labels)


def labels_problem(registry: Registry, expert: str, labels: Iterable[str]) -> str | None:
    """Return what is wrong with labels that an expert predicts; None where they are those of its task."""
    expected = allowed_labels(registry, expert)
    foreign = sorted(set(labels) - expected)
    if not (expected and foreign):
        return None
    return (
        f"expert {expert!r} predicts labels that are not those of the task {registry.info(expert).task!r}:"
        f" {', '.join(foreign)}; the task has {', '.join(sorted(expected))}; rename them, or give the expert a"
        " task of its own"
    )


def check_labels(registry: Registry, experts: Iterable[str]) -> None:
    """Refuse experts that say that they predict other labels than those of their task."""
    for name in experts:
        if (info := registry.experts.get(name)) and (problem := labels_problem(registry, name, info.labels)):
            raise ConfigError(problem)
