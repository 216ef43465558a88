"""Rules in TOML: conditions on an article, and which experts run when they hold."""

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
from newsmoe.registry.cards import language_named
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.settings.conditions import Condition, Rule
from newsmoe.settings.toml import read_toml
from newsmoe.validation import Authored, describe

DEFAULT_RULES = Path(__file__).with_name("default_rules.toml")

CACHED_ROUTES = 1024


class RuleFile(Authored):
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

    A task that no rule names goes to the first eligible expert of its pool, with the others as fallbacks.
    """

    def __init__(self, rules: Iterable[Rule], pools: Mapping[str, Sequence[ExpertInfo]]) -> None:
        self.rules = tuple(rules)
        self.tasks = tuple(pools)
        self._pools = {task: {info.name: info for info in pool} for task, pool in pools.items()}
        self._relevant = [rule for rule in self.rules if not rule.use.keys().isdisjoint(pools)]
        self._checks = [check_of(rule.when) for rule in self._relevant]
        self._cached_route = lru_cache(CACHED_ROUTES)(self._route)
        for number, rule in enumerate(self.rules, start=1):
            self._check(number, rule)

    def _check(self, number: int, rule: Rule) -> None:
        for task in rule.unsure.keys() - rule.use.keys():
            raise ConfigError(f"rule {number}: `unsure` names an expert for {task!r}, and `use` none; add one there")
        for task in rule.use.keys() & self._pools.keys():
            second = rule.second(task)
            for name in (*named_experts(rule.use[task]), *([second.name] if second else [])):
                if name not in self._pools[task]:
                    raise ConfigError(
                        f"rule {number} sends {task!r} to {name!r}, which is no expert for it;"
                        f" {nearest(name, self._pools[task])}"
                    )

    @property
    def second(self) -> frozenset[str]:
        """The experts on this machine that read again what others are not sure of, for any task."""
        return frozenset[str]().union(*map(self.second_of, self.tasks))

    def second_of(self, task: str) -> frozenset[str]:
        """Return the experts on this machine that read again what others are not sure of, for a task."""
        named = (self._pools[task][second.name] for rule in self._relevant if (second := rule.second(task)))
        return frozenset(info.name for info in named if not info.missing)

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return [self._cached_route(self._matching(article), Traits.of(article)) for article in articles]

    def _matching(self, article: Article) -> tuple[int, ...]:
        return tuple([number for number, check in enumerate(self._checks) if check(article)])

    def _route(self, matching: Sequence[int], traits: Traits) -> Route:
        rules = [self._relevant[number] for number in matching]
        return tuple(self._decide(task, traits, rules) for task in self.tasks)

    def _decide(self, task: str, traits: Traits, matching: Sequence[Rule]) -> Decision:
        """Return what the first rule for the task says, and the next ones where it is deferred."""
        rules = [rule for rule in matching if task in rule.use and applies(rule, self.tasks)]
        if not rules:
            names = dict.fromkeys(self._pools[task], 1.0)
            reason = "no rule for this task: first expert of its pool"
            return self._first_of(task, traits, names, reason)
        rule = rules[0]
        decision = self._by_rule(task, traits, rule)
        if rule.after is None:
            return decision
        return replace(decision, condition=rule.after, otherwise=self._decide(task, traits, rules[1:]))

    def _by_rule(self, task: str, traits: Traits, rule: Rule) -> Decision:
        weights = named_experts(rule.use[task])
        reason = rule.reason or in_words(rule.when)
        if not weights:
            return Decision.abstain(task, reason)
        decision = self._first_of(task, traits, weights, reason)
        second = rule.second(task)
        if decision.weights and second and eligible_experts([self._pools[task][second.name]], traits):
            decision = replace(decision, second=second)
        if not decision.weights or not isinstance(rule.use[task], dict):
            return decision
        names = [*decision.weights, *decision.fallbacks]
        total = sum(weights[name] for name in names)
        mixed = {name: weights[name] / total for name in names}
        return replace(decision, weights=mixed, fallbacks=(), reason=reason)

    def _first_of(self, task: str, traits: Traits, names: Mapping[str, float], reason: str) -> Decision:
        """Return the decision for the first eligible expert, with the others as fallbacks."""
        named = [self._pools[task][name] for name in names]
        experts = eligible_experts(named, traits)
        if not experts:
            return Decision.abstain(task, ineligible_reason(named, traits))
        if experts[0] is not named[0]:
            reason = ineligible_reason(named[:1], traits)
        first, *fallbacks = [info.name for info in experts]
        after = conditions(experts, self.tasks)
        return Decision(task, {first: 1.0}, tuple(fallbacks), reason, after=after)


def applies(rule: Rule, tasks: Collection[str]) -> bool:
    """Tell whether the task that a deferred rule waits for is among `tasks`; other rules always apply."""
    return rule.after is None or rule.after.task in tasks


def named_experts(use: str | Sequence[str] | Mapping[str, float]) -> dict[str, float]:
    """Return the experts that a rule names, with their weights."""
    if isinstance(use, Mapping):
        return dict(use)
    return dict.fromkeys([use] if isinstance(use, str) else use, 1.0)


Check = Callable[[Article], bool]


def _any_of(names: Iterable[str], values: Callable[[Article], Iterable[str | None]]) -> Check:
    """Return the check whether one of an article's values is among `names`, in whatever case."""
    folded = {name.casefold() for name in names}
    return lambda article: not folded.isdisjoint([value.casefold() for value in values(article) if value])


def _language_in(names: Iterable[str]) -> Check:
    """Return the check whether an article's language is among those of these codes or names."""
    try:
        codes = [language_named(name) for name in names]
    except ValueError as error:
        raise ConfigError(f"a rule for a language that no article has: {error}") from None
    return _any_of(codes, lambda article: [article.language])


def _host_of(names: Iterable[str]) -> Check:
    """Return the check whether an article's URL is on one of the hosts, or below it."""
    hosts = tuple(name.lower() for name in names)
    below = tuple("." + host for host in hosts)
    return lambda article: article.url_host in hosts or article.url_host.endswith(below)


CHECKS: Mapping[str, Callable[[Any], Check]] = {
    "topics": lambda names: _any_of(names, lambda article: article.topics),
    "language": _language_in,
    "author": lambda names: _any_of(names, lambda article: [article.author, *(article.author or "").split(", ")]),
    "url_host": _host_of,
    "headline": lambda pattern: lambda article: bool(pattern.search(article.headline)),
    "has_content": lambda wanted: lambda article: bool(article.content) is wanted,
    "min_words": lambda minimum: lambda article: article.has_words(minimum),
    "max_words": lambda maximum: lambda article: not article.has_words(maximum + 1),
}
"""For each key of a condition and its value, the check of an article."""


def check_of(condition: Condition) -> Check:
    """Return the check whether everything in the condition holds of an article."""
    values = {key: getattr(condition, key) for key in condition.model_fields_set}
    checks = [CHECKS[key](value) for key, value in values.items() if value is not None]
    return checks[0] if len(checks) == 1 else lambda article: all(check(article) for check in checks)


def in_words(condition: Condition) -> str:
    """Return the condition for a person."""
    parts = [f"{key} {_value_in_words(value)}" for key, value in condition.model_dump(exclude_none=True).items()]
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
