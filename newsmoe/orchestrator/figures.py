"""What a run did, counted as it goes."""

from collections import Counter
from dataclasses import dataclass, field

from newsmoe.analysis import Analysis

__all__ = ["ExpertFigures", "RunFigures"]


@dataclass
class ExpertFigures:
    """What one expert did.

    Attributes:
        items: articles that it answered.
        reused: those of them whose answer was known from an earlier run, or from the same text before.
        errors: articles that it failed on.
        batches: calls of `predict`, halvings included.
        tokens: tokens that it read, as far as it says.
        seconds: in `predict`.
        load_seconds: in `load`.
    """

    items: int = 0
    reused: int = 0
    errors: int = 0
    batches: int = 0
    tokens: int = 0
    seconds: float = 0.0
    load_seconds: float = 0.0


@dataclass
class RunFigures:
    """What one run did.

    Attributes:
        items: records so far.
        statuses: records by status.
        errors: item errors by type.
        abstentions: times the gate sent an article to nobody, by task.
        tokens: tokens read of all articles, each counted once.
        gate_seconds: in the gate.
        experts: figures by expert.
    """

    items: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    abstentions: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    gate_seconds: float = 0.0
    experts: dict[str, ExpertFigures] = field(default_factory=dict)

    def expert(self, name: str) -> ExpertFigures:
        """Return the figures of one expert."""
        return self.experts.setdefault(name, ExpertFigures())

    def count(self, analysis: Analysis) -> None:
        """Count one finished record."""
        self.items += 1
        self.statuses[analysis.status] += 1
        self.errors.update(error.type for error in analysis.errors)
        self.abstentions.update(entry.task for entry in analysis.route if entry.expert is None)
        self.tokens += analysis.input.tokens
