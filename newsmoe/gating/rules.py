"""Rules in TOML: conditions on an article, and who answers when they hold."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsmoe.article import Article
from newsmoe.errors import ConfigError, nearest
from newsmoe.gating.gate import Decision, Route, Traits, conditions, eligible_experts, ineligible_reason
from newsmoe.registry.registry import ExpertInfo
from newsmoe.settings.conditions import Condition, Rule
from newsmoe.settings.toml import read_toml
from newsmoe.validation import Strict, describe

DEFAULT_RULES = Path(__file__).with_name("default_rules.toml")

ROUTES_KEPT = 1024


class RuleFile(Strict):
    """A TOML file of rules."""

    rule: tuple[Rule, ...] = ()


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read a TOML file of `[[rule]]` tables."""
    try:
        return RuleFile.model_validate(read_toml(path)).rule
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe(error, RuleFile)}") from None


class RulesGate:
    """For each task the first rule decides that matches the article and names the task.

    A task that no rule names goes to the first expert of its pool that can read the article, with the
    others in reserve.
    """

    def __init__(self, rules: Iterable[Rule], pools: Mapping[str, Sequence[ExpertInfo]]) -> None:
        self.rules = tuple(rules)
        self.tasks = tuple(pools)
        self._asked = [rule for rule in self.rules if not rule.use.keys().isdisjoint(pools)]
        self._checks = [check_of(rule.when) for rule in self._asked]
        self._route = lru_cache(ROUTES_KEPT)(self._decided)
        self._by_name = {task: {info.name: info for info in pool} for task, pool in pools.items()}
        for number, rule in enumerate(self.rules, start=1):
            for task in rule.use.keys() & pools.keys():
                for name in named_experts(rule.use[task]):
                    if name not in self._by_name[task]:
                        raise ConfigError(
                            f"rule {number} sends {task!r} to {name!r}, which is no expert for it;"
                            f" {nearest(name, self._by_name[task])}"
                        )

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return [self._route(self._matching(article), Traits.of(article)) for article in articles]

    def _matching(self, article: Article) -> tuple[int, ...]:
        """Return which rules match, by number."""
        return tuple([number for number, check in enumerate(self._checks) if check(article)])

    def _decided(self, matching: Sequence[int], traits: Traits) -> Route:
        """Return the route of all articles like this: there are few kinds of them."""
        rules = [self._asked[number] for number in matching]
        return tuple(self._decision(task, traits, rules) for task in self.tasks)

    def _decision(self, task: str, traits: Traits, matching: Sequence[Rule]) -> Decision:
        """Return what the first rule for the task says, and the next ones where it waits for an answer."""
        rules = [rule for rule in matching if task in rule.use and applies(rule, self.tasks)]
        rule = rules[0] if rules else None
        decision = self._by_rule(task, traits, rule)
        if rule is None or rule.after is None:
            return decision
        return replace(decision, condition=rule.after, otherwise=self._decision(task, traits, rules[1:]))

    def _by_rule(self, task: str, traits: Traits, rule: Rule | None) -> Decision:
        pool = self._by_name[task]
        named = named_experts(rule.use[task]) if rule else dict.fromkeys(pool, 1.0)
        reason = (
            (rule.reason or in_words(rule.when))
            if rule
            else "no rule names this task: first expert of its pool"
        )
        if rule and not named:
            return Decision(task, {}, (), reason)
        readers = eligible_experts([pool[name] for name in named], traits)
        eligible = {info.name: named[info.name] for info in readers}
        after = conditions(readers, self.tasks)
        if not eligible:
            return Decision(task, {}, (), ineligible_reason([pool[name] for name in named], traits))
        if rule and isinstance(rule.use[task], dict):
            total = sum(eligible.values())
            return Decision(
                task, {name: weight / total for name, weight in eligible.items()}, (), reason, after=after
            )
        first, *fallbacks = eligible
        if first != next(iter(named)):
            reason = ineligible_reason([pool[next(iter(named))]], traits)
        return Decision(task, {first: 1.0}, tuple(fallbacks), reason, after=after)


def applies(rule: Rule, tasks: Collection[str]) -> bool:
    """Tell whether the answer that a rule waits for, if it does, is among `tasks`."""
    return rule.after is None or rule.after.task in tasks


def named_experts(use: str | Sequence[str] | Mapping[str, float]) -> dict[str, float]:
    """Return the experts that a rule names, with their weights."""
    if isinstance(use, Mapping):
        return dict(use)
    return dict.fromkeys([use] if isinstance(use, str) else use, 1.0)


Check = Callable[[Article], bool]


def _any_of(names: Iterable[str], found: Callable[[Article], Iterable[str | None]]) -> Check:
    """Return the check whether one of `names`, in whatever case, is among what is found of an article."""
    folded = {name.casefold() for name in names}
    return lambda article: not folded.isdisjoint([name.casefold() for name in found(article) if name])


def _host_of(names: Iterable[str]) -> Check:
    """Return the check whether an article lies on one of the hosts, or below it."""
    hosts = [name.lower() for name in names]
    return lambda article: any(
        article.url_host == host or article.url_host.endswith("." + host) for host in hosts
    )


CHECKS: Mapping[str, Callable[[Any], Check]] = {
    "topics": lambda names: _any_of(names, lambda article: article.topics),
    "language": lambda names: _any_of(names, lambda article: [article.language]),
    "author": lambda names: _any_of(
        names, lambda article: [article.author, *(article.author or "").split(", ")]
    ),
    "url_host": _host_of,
    "headline": lambda pattern: lambda article: bool(pattern.search(article.headline)),
    "has_content": lambda wanted: lambda article: bool(article.content) is wanted,
    "min_words": lambda least: lambda article: article.has_words(least),
    "max_words": lambda most: lambda article: not article.has_words(most + 1),
}
"""For each key of a condition and its value, what must hold of an article."""


def check_of(condition: Condition) -> Check:
    """Return the check whether everything that the condition asks for holds of an article."""
    asked = {key: getattr(condition, key) for key in condition.model_fields_set}
    checks = [CHECKS[key](value) for key, value in asked.items() if value is not None]
    return checks[0] if len(checks) == 1 else lambda article: all(check(article) for check in checks)


def in_words(condition: Condition) -> str:
    """Say what the condition asks for."""
    asked = condition.model_dump(exclude_none=True)
    parts = [f"{key} {_value_in_words(value)}" for key, value in asked.items()]
    return "rule: " + (", ".join(parts) or "every article")


def _value_in_words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return " or ".join(value)
        case re.Pattern():
            return f"/{value.pattern}/"
    return str(value)
