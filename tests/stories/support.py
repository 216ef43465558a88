"""What the tests of stories share: articles in vectors, and texts of made-up words."""

from collections.abc import Sequence
from random import Random

import numpy as np

from newsmoe.stories.features import SKETCH, StoryFeatures, unit_or_zero
from newsmoe.stories.grouping import Member
from newsmoe.stories.words import shingle
from tests.report.support import words

WIDTH = 8


def text(seed: int, sentences: int = 12) -> list[str]:
    """Return sentences of made-up words; the same each time for the same seed."""
    random = Random(seed)
    return [words(random, 14) for _ in range(sentences)]


def features(
    vector: Sequence[float] = (1.0,), day: float = np.nan, content: str = "", sketch: int = SKETCH
) -> StoryFeatures:
    """Return the features of an article: a vector with zeros at its end, and the sketch of a content."""
    shingles = shingle(content)
    padded = np.zeros(WIDTH, dtype=np.float32)
    padded[: len(vector)] = vector
    return StoryFeatures(unit_or_zero(padded).astype(np.float16), shingles[:sketch], len(shingles), day)


def member(name: str, vector: Sequence[float] = (1.0,), day: float = np.nan, content: str = "") -> Member:
    return Member(name, features(vector, day, content), name)
