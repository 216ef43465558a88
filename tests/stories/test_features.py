from math import isnan

import numpy as np
import pytest

from newsmoe import Article
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.stories.features import SKETCH, StoryFeatureReader, day_of
from tests.stories.support import text

STORM = Article(headline="Storm hits Belmarin", content="Roofs were lost in the storm, and the harbour was closed.")


@pytest.fixture
def reader(quick_backbone: Backbone) -> StoryFeatureReader:
    return StoryFeatureReader(quick_backbone)


def test_features_do_not_depend_on_the_articles_beside(reader: StoryFeatureReader) -> None:
    articles = [STORM, Article(content=" ".join(text(1, 40))), Article(headline="Rain"), Article()]
    together = reader.features(articles)
    for article, features in zip(articles, together, strict=True):
        [alone] = reader.features([article])
        assert np.array_equal(alone.vector, features.vector)
        assert np.array_equal(alone.sketch, features.sketch)


def test_vectors_have_length_1_and_nothing_has_none(reader: StoryFeatureReader) -> None:
    storm, nothing = reader.features([STORM, Article()])
    assert storm.similarity(storm) == pytest.approx(1, abs=1e-3)
    assert nothing.similarity(nothing) == 0
    assert (nothing.shingles, len(nothing.sketch)) == (0, 0)


def test_of_a_long_text_a_sketch_is_stored(reader: StoryFeatureReader) -> None:
    [features] = reader.features([Article(content=" ".join(text(2, 60)))])
    assert features.shingles > len(features.sketch) == SKETCH
    assert features.limit == features.sketch[-1] == max(features.sketch)


def test_rare_words_count_more_than_common_ones(reader: StoryFeatureReader) -> None:
    def similarity(headline: str, other: str) -> float:
        return float(reader.rare_words(Article(headline=headline)) @ reader.rare_words(Article(headline=other)))

    assert similarity("The vote in Belmarin was held", "Kerrou spoke of Belmarin to the house") > 0.4
    assert similarity("The vote in Belmarin was held", "A vote in the house was held by Orlo") < 0.2


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("1970-01-02", 719164.0),
        ("1970-01-02T12:00:00", 719164.5),
        ("1970-01-02T12:00:00Z", 719164.5),
        ("1970-01-02T18:00:00+06:00", 719164.5),
        (" 1970-01-02 ", 719164.0),
    ],
)
def test_days_are_in_universal_time(date: str, day: float) -> None:
    assert day_of(date) == day


@pytest.mark.parametrize("date", [None, "", "yesterday", "2026-02-30", "0001-01-01T00:00:00+10:00"])
def test_other_dates_are_not_known(date: str | None) -> None:
    assert isnan(day_of(date))
