"""Features that show whether the first sentences would do as a summary."""

import math
from typing import get_args

import pytest

from newsmoe import Article
from newsmoe.gating.features import FeatureName, FeatureReader
from newsmoe.gating.lead_features import LEAD_FEATURES
from newsmoe.registry.backbone.backbone import Backbone

NAMES: tuple[FeatureName, ...] = tuple(name for name in get_args(FeatureName) if name in LEAD_FEATURES)


def features(backbone: Backbone, content: str) -> dict[str, list[float]]:
    reader = FeatureReader(NAMES, backbone, None)
    [row] = reader([Article(content=content, language="en")])
    return {name: row[part].tolist() for name, part in reader.columns.items()}


BRIDGE = "The bridge opened on Monday. The mayor walked over the bridge. A third of the bridge is steel."
HARBOUR = "He said so. It was cold. Nobody came. The harbour needs a ferry. The ferry left the harbour at nine."


def test_a_lead_that_says_what_the_article_is_about_has_its_words(quick_backbone: Backbone) -> None:
    says, hides = (features(quick_backbone, text)["lead_topics"] for text in (BRIDGE, HARBOUR))
    assert says[:2] == [1.0, 1.0], "bridge is the one long word that is used twice"
    assert hides[:2] == [0.0, 0.0], "harbour and ferry come later"
    assert says[2] > hides[2]


def test_sentences_are_counted_and_measured(quick_backbone: Backbone) -> None:
    values = features(quick_backbone, HARBOUR)
    count, mean = values["sentences"]
    assert count == pytest.approx(math.log1p(5) / math.log1p(64))
    assert mean == pytest.approx(math.log1p(20 / 5) / math.log1p(64))
    assert values["lead_lengths"] == pytest.approx([math.log1p(words) / math.log1p(64) for words in (3, 3, 2)])


def test_headings_are_no_part_of_the_lead(quick_backbone: Backbone) -> None:
    plain, headed = (features(quick_backbone, text) for text in (BRIDGE, f"Local News\n\nBy A Writer\n\n{BRIDGE}"))
    assert plain["lead_start"] == [0.0] < headed["lead_start"]
    assert plain["lead_lengths"] == headed["lead_lengths"]


def test_quoted_speech_is_distinguished_from_other_text(quick_backbone: Backbone) -> None:
    assert features(quick_backbone, BRIDGE)["lead_quotes"] == [0.0]
    assert features(quick_backbone, f'"Now," said the mayor. {BRIDGE}')["lead_quotes"][0] > 0.0


def test_nothing_is_counted_where_there_is_no_content(quick_backbone: Backbone) -> None:
    assert all(value == 0.0 for values in features(quick_backbone, "").values() for value in values)


def test_every_feature_is_from_0_to_1(quick_backbone: Backbone) -> None:
    for text in ("word " * 3000 + ".", "\"'" * 400 + "a.", "Rain. " * 300, "新闻很短。今天下雨。"):
        assert all(0.0 <= value <= 1.0 for values in features(quick_backbone, text).values() for value in values)
