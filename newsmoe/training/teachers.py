"""Trained experts whose probabilities others learn (distillation, Hinton et al. 2015)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from newsmoe.article import Article
from newsmoe.errors import ConfigError
from newsmoe.evaluation.progress import Progress, in_blocks
from newsmoe.prediction import Labels
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import read_card
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert
from newsmoe.registry.kinds import build
from newsmoe.registry.kinds.embedded import EmbeddedExpert
from newsmoe.registry.kinds.extractive import Extractive
from newsmoe.registry.kinds.scores import Probabilities

BLOCK = 256  # articles between two reports of progress
CACHED_WINDOWS = 50_000


class TaughtSentences(NamedTuple):
    """The probability of each sentence to be in the summary, and to be no part of the article, by its number."""

    summary: Mapping[int, float]
    junk: Mapping[int, float]


class Teachers:
    """Experts that label texts for others; those that share an adapter read a text once."""

    def __init__(self, device: Device, backbones: BackbonePool) -> None:
        self._device = device
        self._backbones = backbones

    def probabilities(
        self, folder: Path, labels: Sequence[str], articles: Sequence[Article], report: Progress
    ) -> Probabilities:
        """Return what the expert in `folder` predicts, shape (articles, labels).

        Raises:
            ConfigError: it predicts other labels.
        """
        expert = self._loaded(folder)
        rows: list[list[float]] = []
        for block in in_blocks(articles, BLOCK, f"{expert.name} labels", report):
            for prediction in expert.predict(block):
                scores = prediction.scores if isinstance(prediction, Labels) else {}
                if {*scores} != {*labels}:
                    raise ConfigError(f"{folder}: a teacher must predict the labels of the recipe: {', '.join(labels)}")
                rows.append([scores[label] for label in labels])
        return np.array(rows, dtype=np.float64).reshape(-1, len(labels))

    def sentences(self, folder: Path, articles: Sequence[Article], report: Progress) -> list[TaughtSentences]:
        """Return what the summarizer in `folder` predicts of the sentences that it reads of each article.

        Raises:
            ConfigError: it does not score sentences.
        """
        expert = self._loaded(folder)
        if not isinstance(expert, Extractive):
            raise ConfigError(f"{folder}: the teacher of a summarizer must be one that chooses sentences")
        rows: list[TaughtSentences] = []
        for block in in_blocks(articles, BLOCK, f"{expert.name} labels", report):
            for _, sentences, scores in expert.scores(block):
                numbers = sentences.numbers.tolist()
                rows.append(TaughtSentences(*(dict(zip(numbers, part.tolist(), strict=True)) for part in scores)))
        return rows

    def _loaded(self, folder: Path) -> Expert:
        expert = build(read_card(folder), self._backbones)
        expert.load(self._device)
        if isinstance(expert, EmbeddedExpert):
            expert.backbone.max_cached_windows = CACHED_WINDOWS
        return expert
