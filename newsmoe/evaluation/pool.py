"""What every expert of a pool answers to labelled texts: what gates learn from and are measured on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsmoe.analysis import ItemError, Labels
from newsmoe.article import Article, estimate_tokens
from newsmoe.config import Settings
from newsmoe.errors import InputError
from newsmoe.evaluation.kept import kept_answers
from newsmoe.evaluation.labelled import LabelSource
from newsmoe.evaluation.measure import by_data_label
from newsmoe.orchestrator.dispatch import Dispatcher
from newsmoe.orchestrator.figures import ExpertFigures
from newsmoe.registry.expert import Device
from newsmoe.registry.registry import ExpertInfo, Registry

__all__ = ["PoolAnswers", "ask_pool"]


@dataclass(frozen=True)
class PoolAnswers:
    """The answers of a pool to one source.

    Attributes:
        title: what the data is called.
        weight: how much the source counts.
        articles: the texts.
        experts: names.
        labels: what can be answered.
        scores: probabilities, shape (articles, experts, labels); where only the source's own labels count,
            the others are left out, and a row sums to less than 1.
        truth: index of the right label, shape (articles,).
        tokens: what each expert read, shape (articles, experts).
    """

    title: str
    weight: float
    articles: tuple[Article, ...]
    experts: tuple[str, ...]
    labels: tuple[str, ...]
    scores: NDArray[np.float64]
    truth: NDArray[np.int64]
    tokens: NDArray[np.float64]

    def mixture(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return probabilities, shape (articles, labels), of experts with weights (articles, experts)."""
        return _scaled(np.einsum("ae,ael->al", weights, self.scores))

    def scaled(self) -> NDArray[np.float64]:
        """Return each expert's probabilities, (articles, experts, labels), to sum to 1 over the labels."""
        return _scaled(self.scores)

    def likelihood(self) -> NDArray[np.float64]:
        """Return the probability that each expert gives the right label, shape (articles, experts)."""
        return self.scaled()[np.arange(len(self.truth)), :, self.truth]

    def correct(self) -> NDArray[np.float64]:
        """Return 1 where an expert's answer is right, else 0; shape (articles, experts)."""
        right: NDArray[np.bool_] = self.scores.argmax(axis=2) == self.truth[:, None]
        return right.astype(np.float64)


def ask_pool(
    experts: Sequence[str],
    source: LabelSource,
    root: Path,
    registry: Registry,
    report: Callable[[str, int, int], None],
    device: Device | None = None,
) -> PoolAnswers:
    """Have every expert answer every text of a source, as they are served; what was answered before is kept.

    Args:
        experts: names.
        source: labelled texts.
        root: what its path is relative to.
        registry: builds the experts, which share its workshop.
        report: told of the progress.
        device: where experts run; default: the CPU.

    Raises:
        InputError: the source cannot be read, or an expert fails on one of its texts.
    """
    examples = list(source.examples(root))
    if not examples:
        raise InputError(f"{source.title}: there are no examples in it")
    limits = Settings()
    dispatcher = Dispatcher(registry, device or Device(), limits.batch_tokens, limits.batch_articles)
    articles = [example.article for example in examples]
    by_expert = []
    for number, name in enumerate(experts, start=1):
        by_expert.append(kept_answers(registry.info(name), articles, partial(_answers, dispatcher)))
        report(f"asking {name} about {source.title}", number, len(experts))
    answers = [list(row) for row in zip(*by_expert, strict=True)]
    wider = {label: one.label for one in examples for label in one.accepted}
    merged = [[by_data_label(one.scores, wider) for one in row] for row in answers]
    truth = [example.label for example in examples]
    known = set(truth) if source.closed else set(truth).union(*(one for row in merged for one in row))
    labels = tuple(sorted(known))
    scores = np.array([[[one.get(label, 0.0) for label in labels] for one in row] for row in merged])
    return PoolAnswers(
        title=source.title,
        weight=source.weight,
        articles=tuple(articles),
        experts=tuple(experts),
        labels=labels,
        scores=scores,
        truth=np.array([labels.index(label) for label in truth]),
        tokens=np.array(
            [[_tokens(article, one) for one in row] for article, row in zip(articles, answers, strict=True)]
        ),
    )


def _scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale scores to sum to 1 over the labels, the last axis."""
    scaled: NDArray[np.float64] = scores / np.maximum(scores.sum(axis=-1, keepdims=True), 1e-12)
    return scaled


def _answers(dispatcher: Dispatcher, info: ExpertInfo, articles: Sequence[Article]) -> list[Labels]:
    """Have an expert answer, as many articles at a time as a window of a run has."""
    name, window = info.name, Settings().window_articles
    blocks = [articles[start : start + window] for start in range(0, len(articles), window)]
    outcomes = [
        outcome for block in blocks for outcome in dispatcher.run(name, info.task, block, ExpertFigures())
    ]
    for article, outcome in zip(articles, outcomes, strict=True):
        if isinstance(outcome, ItemError):
            raise InputError(f"{name} fails on {_shown(article)!r}: {outcome.message}")
        if not isinstance(outcome, Labels):
            raise InputError(f"{name} answers with {type(outcome).__name__}; a gate learns from labels only")
    return [outcome for outcome in outcomes if isinstance(outcome, Labels)]


def _tokens(article: Article, answer: Labels) -> float:
    """Return what an expert read of an article, estimated where it does not say."""
    if answer.use is not None:
        return float(answer.use.tokens)
    return float(estimate_tokens(article.headline) + estimate_tokens(article.content))


def _shown(article: Article) -> str:
    return (article.headline or article.content)[:60]
