"""Learned gates beside rules: each task by its own gate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from newsmoe.article import Article
from newsmoe.gating.gate import Decision, Route, conditions
from newsmoe.gating.learned import LearnedGate
from newsmoe.gating.rules import RulesGate, applies, check_of
from newsmoe.settings.conditions import Rule


class CompositeGate:
    """Decides some tasks by a learned gate each, the others by rules; the user's own rules come first.

    A gate decides of the articles that it was made for, and rules of the others.
    """

    def __init__(self, rules: RulesGate, learned: Mapping[str, LearnedGate], user_rules: Sequence[Rule]) -> None:
        self.tasks = rules.tasks
        self.rules = rules
        self.learned = dict(learned)
        self.user_rules = [(rule, check_of(rule.when)) for rule in user_rules]

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        routes = [list(route) for route in self.rules.route(articles)]
        for column, task in enumerate(self.tasks):
            if (gate := self.learned.get(task)) is not None:
                self._decide(gate, articles, routes, column)
        return [tuple(route) for route in routes]

    def _decide(
        self, gate: LearnedGate, articles: Sequence[Article], routes: list[list[Decision]], column: int
    ) -> None:
        """Put the gate's decisions where no user's rule decides, or only deferred ones do."""
        task = self.tasks[column]
        rules = [(rule, check) for rule, check in self.user_rules if task in rule.use and applies(rule, self.tasks)]
        matching = [[rule for rule, check in rules if check(article)] for article in articles]
        decides = check_of(gate.card.when)
        rows = [
            row
            for row, (article, user_rules) in enumerate(zip(articles, matching, strict=True))
            if all(rule.after for rule in user_rules) and decides(article)
        ]
        after = conditions(gate.experts, self.tasks)
        for row, (decision,) in zip(rows, gate.route([articles[row] for row in rows]), strict=True):
            learned = replace(decision, after=after) if after else decision
            routes[row][column] = _behind(routes[row][column], len(matching[row]), learned)


def _behind(decision: Decision, deferred_rules: int, learned: Decision) -> Decision:
    """Return `learned` as what holds where the user's deferred rules do not."""
    if not deferred_rules or decision.otherwise is None:
        return learned
    return replace(decision, otherwise=_behind(decision.otherwise, deferred_rules - 1, learned))
