"""Two runs of the same articles: what changed, by task and by expert."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from newsmoe.record import Record
from newsmoe.report.rows import MAX_HEADLINE, MAX_LABEL, SUMMARY, Row, cut
from newsmoe.story import StoryArticle

NOTHING = "no prediction"

Identity = tuple[str, ...]
"""What tells an article from others."""


@dataclass
class TaskChanges:
    """How the predictions for one task differ: how many do not, and of the others from what to what."""

    same: int = 0
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class RunComparison:
    """What differs between two piles of records.

    Attributes:
        common: articles in both, found by id and URL, else by headline.
        only_new: articles of the first pile that are not in the other.
        only_old: articles of the other pile that are not in the first.
        tasks: changes by task; labels are compared as they are shown, summaries as texts.
        experts: how many articles each expert read in the other pile, and in this one.
        changed_by: how many predictions changed, by the expert that read the article in this pile.
        changes: what the other pile predicted, by task, for the articles that changed, by their number.
    """

    common: int = 0
    only_new: int = 0
    only_old: int = 0
    tasks: dict[str, TaskChanges] = field(default_factory=dict)
    experts: dict[str, tuple[int, int]] = field(default_factory=dict)
    changed_by: Counter[str] = field(default_factory=Counter)
    changes: dict[int, Mapping[str, str]] = field(default_factory=dict)


def compare(rows: Sequence[Row], others: Sequence[Row]) -> RunComparison:
    """Return what is different in `rows` from `others`, which an earlier or another run predicted."""
    comparison = RunComparison()
    places = match([identity(row.record) for row in rows], [identity(row.record) for row in others])
    for number, place in enumerate(places):
        if place is None:
            comparison.only_new += 1
            continue
        comparison.common += 1
        if differences := _compare_rows(comparison, rows[number], others[place]):
            comparison.changes[number] = differences
    comparison.only_old = len(others) - comparison.common
    old, new = (Counter(chain.from_iterable(map(Row.experts, some))) for some in (others, rows))
    comparison.experts = {name: (old[name], new[name]) for name in sorted(old | new)}
    return comparison


def identity(article: Record | StoryArticle) -> Identity:
    """Return what tells an article from others: id and URL, else the headline."""
    id, url = "" if article.id is None else str(article.id), article.url or ""
    return (id, url) if id or url else (cut(article.headline or "", MAX_HEADLINE),)


def match(identities: Sequence[Identity], others: Sequence[Identity]) -> list[int | None]:
    """Return where each article is among others; those with the same identity are paired in their order."""
    places: dict[Identity, list[int]] = {}
    for place in reversed(range(len(others))):
        places.setdefault(others[place], []).append(place)
    return [same.pop() if (same := places.get(identity)) else None for identity in identities]


def _compare_rows(comparison: RunComparison, new: Row, old: Row) -> dict[str, str]:
    differences = {}
    for task in dict.fromkeys([*new.predictions, *old.predictions]):
        before, after = old.verdict(task) or NOTHING, new.verdict(task) or NOTHING
        changes = comparison.tasks.setdefault(task, TaskChanges())
        if before == after:
            changes.same += 1
        else:
            changes.changed[before, after] += 1
            differences[task] = before
    if new.summary or old.summary:
        changes = comparison.tasks.setdefault(SUMMARY, TaskChanges())
        if new.summary == old.summary:
            changes.same += 1
        else:
            changes.changed["another text" if old.summary else NOTHING, "this text" if new.summary else NOTHING] += 1
            differences[SUMMARY] = cut(old.summary, 3 * MAX_LABEL) or NOTHING
    readers = {(entry.task, cut(entry.expert, MAX_LABEL)) for entry in new.record.route if entry.expert}
    comparison.changed_by.update(expert for task, expert in sorted(readers) if task in differences)
    return differences
