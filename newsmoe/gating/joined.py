"""Rules and learned gates side by side: each task by its own gate."""

from collections.abc import Mapping, Sequence

from newsmoe.article import Article
from newsmoe.config import Rule
from newsmoe.gating.gate import Route
from newsmoe.gating.learned import LearnedGate
from newsmoe.gating.rules import RulesGate, matches

__all__ = ["JoinedGate"]


class JoinedGate:
    """Decides some tasks by gates of their own and the others by rules; the user's rules come first.

    Args:
        rules: decides every task where nobody else does.
        learned: by task, the gate that decides on it alone.
        own: the user's rules; where one matches an article and names the task, it decides.
    """

    def __init__(self, rules: RulesGate, learned: Mapping[str, LearnedGate], own: Sequence[Rule]) -> None:
        self.tasks = rules.tasks
        self.rules = rules
        self.learned = dict(learned)
        self.own = tuple(own)

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        routes = [list(route) for route in self.rules.route(articles)]
        for task, gate in self.learned.items():
            rules = [rule.when for rule in self.own if task in rule.use]
            free = [
                number
                for number, article in enumerate(articles)
                if not any(matches(condition, article) for condition in rules)
            ]
            place = self.tasks.index(task)
            for number, (choice,) in zip(free, gate.route([articles[one] for one in free]), strict=True):
                routes[number][place] = choice
        return [tuple(route) for route in routes]
