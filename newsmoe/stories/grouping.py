"""Which article is a copy of which, and which articles are a story."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from newsmoe.stories.copies import copy_pairs
from newsmoe.stories.features import StoryFeatures
from newsmoe.stories.linkage import Nodes, cluster

ID_LENGTH = 12  # hexadecimal digits of a story's id


@dataclass(eq=False)
class Member:
    """An article with text, and where it belongs.

    Attributes:
        key: hash of its text.
        features: what is compared of it.
        origin: where it comes from; articles of the same text are put in order by it, not by that of the input.
        original: what it is a copy of; None for an original.
        story: id of its story; empty until it is assigned.
    """

    key: str
    features: StoryFeatures
    origin: str
    original: "Member | None" = field(default=None, repr=False)
    story: str = ""

    @property
    def time_order(self) -> tuple[bool, float, int, str, str]:
        """What articles are sorted by: time, those without a date last; the longer of two first."""
        features = self.features
        is_undated = bool(np.isnan(features.day))
        return is_undated, 0.0 if is_undated else features.day, -features.shingles, self.key, self.origin


def assign(new: Sequence[Member], existing: Sequence[Member] = ()) -> None:
    """Find the original and the story of new articles; those of existing ones stay as they are.

    The order of `new` does not matter. Without existing articles all stories are made at once; with some, a new
    article joins one of their stories or opens another, and never makes two of theirs one.
    """
    new = sorted(new, key=lambda member: member.time_order)
    _find_originals([*existing, *new], len(existing))
    _find_stories(new, existing)


def _find_originals(members: Sequence[Member], old: int) -> None:
    """Set the originals of the members from the number `old` on: the first of all copies, or that of existing ones."""
    roots = list(range(len(members)))
    numbers = {id(member): number for number, member in enumerate(members[:old])}
    for number, member in enumerate(members[:old]):
        roots[number] = number if member.original is None else numbers[id(member.original)]
    features = [member.features for member in members]
    is_new = np.arange(len(members)) >= old
    for left, right in chain(_same_texts(members, old), copy_pairs(features, is_new)):
        first, second = sorted((_root(roots, left), _root(roots, right)))
        if second >= old:  # else both are existing originals
            roots[second] = first
    for number, member in enumerate(members[old:], start=old):
        root = _root(roots, number)
        member.original = members[root] if root != number else None


def _same_texts(members: Sequence[Member], old: int) -> Iterator[tuple[int, int]]:
    """Yield pairs with the same headline and content, however short, of which one is new."""
    numbers: dict[str, list[int]] = {}
    for number, member in enumerate(members):
        numbers.setdefault(member.key, []).append(number)
    for same in numbers.values():
        yield from ((left, right) for left, right in pairwise(same) if right >= old)


def _root(roots: list[int], number: int) -> int:
    while roots[number] != number:
        roots[number] = roots[roots[number]]
        number = roots[number]
    return number


def _find_stories(new: Sequence[Member], existing: Sequence[Member]) -> None:
    originals = [member for member in new if member.original is None]
    stories: dict[str, list[Member]] = {}
    for member in existing:
        if member.original is None:
            stories.setdefault(member.story, []).append(member)
    nodes = nodes_of([*stories.values(), *([member] for member in originals)])
    is_fixed = np.arange(len(nodes.counts)) < len(stories)
    roots = cluster(nodes, is_fixed)[len(stories) :].tolist()
    names = [*stories, *map(_story_id, originals)]
    for member, root in zip(originals, roots, strict=True):
        member.story = names[root]
    for member in new:
        if member.original is not None:
            member.story = member.original.story


def nodes_of(groups: Sequence[Sequence[Member]]) -> Nodes:
    """Return a node for each group of articles."""
    members = [member.features for group in groups for member in group]
    if not members:
        return Nodes.of_articles(np.zeros((0, 1), dtype=np.float32), np.zeros(0))
    vectors = np.stack([features.vector for features in members]).astype(np.float32)
    days = np.array([features.day for features in members])
    nodes = Nodes.of_articles(vectors, days)
    if len(groups) == len(members):
        return nodes
    starts = np.cumsum([0, *map(len, groups[:-1])])
    sums, counts, total_days, dated = (np.add.reduceat(array, starts, axis=0) for array in nodes)
    return Nodes(sums, counts, total_days, dated)


def _story_id(founder: Member) -> str:
    return sha256(f"story {founder.key}".encode()).hexdigest()[:ID_LENGTH]


def centrality(members: Sequence[Member]) -> NDArray[np.float32]:
    """Return how similar each article of a story is to all of them."""
    vectors = np.stack([member.features.vector for member in members]).astype(np.float32)
    similarities: NDArray[np.float32] = vectors @ vectors.sum(axis=0)
    return similarities
