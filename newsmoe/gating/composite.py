"""Rules and learned gates side by side: each task by its own gate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from newsmoe.article import Article
from newsmoe.gating.gate import Decision, Route, conditions
from newsmoe.gating.learned import LearnedGate
from newsmoe.gating.rules import RulesGate, applies, check_of
from newsmoe.settings.conditions import Rule


class CompositeGate:
    """Decides some tasks by gates of their own and the others by rules; the user's rules come first."""

    def __init__(self, rules: RulesGate, learned: Mapping[str, LearnedGate], own: Sequence[Rule]) -> None:
        self.tasks = rules.tasks
        self.rules = rules
        self.learned = dict(learned)
        self.own = [(rule, check_of(rule.when)) for rule in own]

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        routes = [list(route) for route in self.rules.route(articles)]
        for task, gate in self.learned.items():
            rules = [
                (rule, check) for rule, check in self.own if task in rule.use and applies(rule, self.tasks)
            ]
            own = [[rule for rule, check in rules if check(article)] for article in articles]
            free = [number for number, found in enumerate(own) if all(rule.after for rule in found)]
            place, after = self.tasks.index(task), conditions(gate.experts, self.tasks)
            for number, (decision,) in zip(free, gate.route([articles[one] for one in free]), strict=True):
                learned = replace(decision, after=after) if after else decision
                routes[number][place] = _in_the_end(routes[number][place], len(own[number]), learned)
        return [tuple(route) for route in routes]


def _in_the_end(decision: Decision, rules: int, learned: Decision) -> Decision:
    """Return a learned gate's choice behind the user's rules, which hold only where an answer says so."""
    if not rules or decision.otherwise is None:
        return learned
    return replace(decision, otherwise=_in_the_end(decision.otherwise, rules - 1, learned))
