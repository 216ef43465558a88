"""Figures of a pile of articles: what is counted, and by what."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from newsmoe.report.rows import SENTIMENT, TOPIC, UNSURE, EntityRow, Row

MOODS = ("negative", "neutral", "positive")
"""Labels for sentiment in the order of charts; others come after them."""

BINS = 10
MAX_PERIODS = 60
MAX_DAYS, MAX_WEEKS = 45, 400  # of a chart by day, and of one by week
NO_OUTLET = "unknown"
UNJUDGED = ""
"""In the place of the tone towards an entity where no expert was to say."""

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Period:
    """A day, week, month or year."""

    first: date
    last: date
    name: str


@dataclass
class Figures:
    """Counts of articles.

    Attributes:
        articles: of all.
        statuses: by status of the record.
        languages: by language, where it is known.
        verdicts: by label or `UNSURE`, for each task with labels.
        moods_by_topic: by topic, then by sentiment, of those that have both.
        moods_by_outlet: by outlet, then by sentiment.
        outlets: by outlet.
        days: by day, where it is known.
        moods_by_day: by day, then by sentiment.
        scores: by task, for each of `BINS` ranges of the score: how many are sure, and how many are unsure.
        abstentions: by task that the gate abstained on.
        entities: by entity, then by the tone towards it, or by `UNJUDGED`.
        experts: by expert that ran.
        errors: by type of error.
    """

    articles: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    moods_by_topic: dict[str, Counter[str]] = field(default_factory=dict)
    moods_by_outlet: dict[str, Counter[str]] = field(default_factory=dict)
    outlets: Counter[str] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    moods_by_day: dict[date, Counter[str]] = field(default_factory=dict)
    scores: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    abstentions: Counter[str] = field(default_factory=Counter)
    entities: dict[str, Counter[str]] = field(default_factory=dict)
    experts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    _entity_names: dict[str, str] = field(default_factory=dict)

    def counts(self, task: str) -> Counts:
        """Return how many articles have each label of a task, or are unsure."""
        return self.verdicts.get(task, {})

    def count(self, row: Row) -> None:
        """Count one article."""
        self.articles += 1
        self.statuses[row.record.status] += 1
        self.outlets[row.outlet or NO_OUTLET] += 1
        if row.language:
            self.languages[row.language] += 1
        if row.day:
            self.days[row.day] += 1
        self._count_predictions(row)
        self._count_entities(row)
        self.abstentions.update(entry.task for entry in row.record.route if entry.expert is None)
        self.experts.update(row.experts())
        self.errors.update(error.type for error in row.record.errors)

    def _count_predictions(self, row: Row) -> None:
        for task, prediction in row.predictions.items():
            self.verdicts.setdefault(task, Counter())[prediction.verdict] += 1
            if prediction.score is not None:
                bins = self.scores.setdefault(task, [(0, 0)] * BINS)
                number = bin_of(prediction.score)
                sure, unsure = bins[number]
                bins[number] = (sure + (not prediction.unsure), unsure + prediction.unsure)
        if mood := row.verdict(SENTIMENT):
            self.moods_by_outlet.setdefault(row.outlet or NO_OUTLET, Counter())[mood] += 1
            if topic := row.verdict(TOPIC):
                self.moods_by_topic.setdefault(topic, Counter())[mood] += 1
            if row.day:
                self.moods_by_day.setdefault(row.day, Counter())[mood] += 1

    def _count_entities(self, row: Row) -> None:
        """Count each entity once."""
        for key, entity in entities_by_key(row).items():
            name = self._entity_names.setdefault(key, entity.name)
            verdict = entity.sentiment.verdict if entity.sentiment else UNJUDGED
            self.entities.setdefault(name, Counter())[verdict] += 1

    def most_named(self, limit: int) -> dict[str, str]:
        """Return the names of the entities that most articles name, the first first, by the key of an entity."""
        totals = {name: counts.total() for name, counts in self.entities.items()}
        keys = {name: key for key, name in self._entity_names.items()}
        return {keys[name]: name for name in ranked(totals)[:limit]}


def entities_by_key(row: Row) -> dict[str, EntityRow]:
    """Return the entities of an article by a key: those that are written alike but for case and a `the` are one."""
    return {entity.name.casefold().removeprefix("the "): entity for entity in reversed(row.entities)}


def count_rows(rows: Iterable[Row]) -> Figures:
    """Return the figures of some articles."""
    figures = Figures()
    for row in rows:
        figures.count(row)
    return figures


def bin_of(score: float) -> int:
    """Return in which of the ranges of a histogram a score is."""
    return min(BINS - 1, int(score * BINS + 1e-9))


def ranked(counts: Counts) -> list[str]:
    """Return labels, the most frequent first, those of the same count by name, and `UNSURE` last."""
    return sorted(counts, key=lambda label: (label == UNSURE, -counts[label], label))


def mood_order(moods: Counts) -> list[str]:
    """Return the labels for sentiment from bad to good, then others, then `UNSURE`."""
    others = sorted(label for label in moods if label not in MOODS and label != UNSURE)
    return [label for label in (*MOODS, *others, UNSURE) if moods.get(label)]


def week_of(day: date) -> str:
    """Return the ISO week of a day, such as `2026-W09`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def periods_of(days: Sequence[date]) -> tuple[str, list[Period]]:
    """Return a unit of time and the periods, none left out, that the days are in.

    The unit grows with the time between them. Of more than `MAX_PERIODS` years only the last ones are returned.
    """
    if not days:
        return "day", []
    span = (max(days) - min(days)).days
    if span < MAX_DAYS:
        unit = "day"
    elif span < MAX_WEEKS:
        unit = "week"
    else:
        unit = "month" if span < MAX_PERIODS * 30 else "year"
    periods: list[Period] = []
    day = max(days)
    while len(periods) < MAX_PERIODS:
        period = _period(unit, day)
        periods.append(period)
        if period.first <= min(days) or period.first == date.min:
            break
        day = period.first - timedelta(days=1)
    return unit, periods[::-1]


def _period(unit: str, day: date) -> Period:
    if unit == "day":
        return Period(day, day, f"{day.day} {day:%b %Y}")
    if unit == "week":
        first = date.fromordinal(max(1, day.toordinal() - day.weekday()))
        last = date.fromordinal(min(date.max.toordinal(), first.toordinal() + 6))
        return Period(first, last, f"week of {first.day} {first:%b %Y}")
    if unit == "month":
        first = day.replace(day=1)
        following = date.fromordinal(min(date.max.toordinal(), first.toordinal() + 31)).replace(day=1)
        last = date.max if following <= first else following - timedelta(days=1)
        return Period(first, last, f"{first:%B %Y}")
    return Period(date(day.year, 1, 1), date(day.year, 12, 31), str(day.year))


def within(days: Mapping[date, Counter[str]], period: Period) -> Counter[str]:
    """Return the counts of a period."""
    total: Counter[str] = Counter()
    for day, counts in days.items():
        if period.first <= day <= period.last:
            total.update(counts)
    return total
