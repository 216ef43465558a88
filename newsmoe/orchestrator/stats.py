"""What a run did, counted as it goes."""

from collections import Counter
from dataclasses import dataclass, field, fields

from newsmoe.gating.gate import Decision
from newsmoe.record import Record, Stage


@dataclass
class ExpertStats:
    """What one expert did.

    Attributes:
        items: articles that it answered.
        reused: those of them whose answer was known from an earlier run, or from the same text before.
        errors: articles that it failed on.
        overflow: articles that found it full, having taken its share of their window.
        budgeted: articles that it got as a cheaper one, in place of their choice, to stay within a budget.
        batches: calls of `predict`, halvings included.
        tokens: tokens that it read, as far as it says.
        seconds: in `predict`.
        load_seconds: in `load`.
    """

    items: int = 0
    reused: int = 0
    errors: int = 0
    overflow: int = 0
    budgeted: int = 0
    batches: int = 0
    tokens: int = 0
    seconds: float = 0.0
    load_seconds: float = 0.0

    def add(self, other: "ExpertStats") -> None:
        """Count what it did in another run too."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass
class RunStats:
    """What one run did.

    Attributes:
        items: records so far.
        statuses: records by status.
        errors: item errors by type.
        places: item errors by stage and expert; the expert is empty where none was asked.
        abstentions: times the gate sent an article to nobody, by task.
        tokens: tokens read of all articles, each counted once.
        gate_seconds: in the gate.
        experts: figures by expert.
    """

    items: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[Stage, str]] = field(default_factory=Counter)
    abstentions: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    gate_seconds: float = 0.0
    experts: dict[str, ExpertStats] = field(default_factory=dict)

    def expert(self, name: str) -> ExpertStats:
        """Return the figures of one expert."""
        return self.experts.setdefault(name, ExpertStats())

    def limited(self, decision: Decision) -> None:
        """Count what limits changed of one of the gate's choices."""
        for name in decision.full:
            self.expert(name).overflow += 1
        for name in decision.weights if decision.budgeted else ():
            self.expert(name).budgeted += 1

    def count(self, record: Record) -> None:
        """Count one finished record."""
        self.items += 1
        self.statuses[record.status] += 1
        self.errors.update(error.type for error in record.errors)
        self.places.update((error.stage, error.expert or "") for error in record.errors)
        self.abstentions.update(entry.task for entry in record.route if entry.expert is None)
        self.tokens += record.input.tokens

    def add(self, other: "RunStats") -> None:
        """Count what another run did too."""
        self.items += other.items
        self.statuses.update(other.statuses)
        self.errors.update(other.errors)
        self.places.update(other.places)
        self.abstentions.update(other.abstentions)
        self.tokens += other.tokens
        self.gate_seconds += other.gate_seconds
        for name, one in other.experts.items():
            self.expert(name).add(one)
