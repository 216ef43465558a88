"""Training of a summarizer that ranks sentences, on articles with summaries, or with sentences that a reader chose."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from newsmoe.article import Article
from newsmoe.datasets.sources import ChosenSource, ReadArticle, SummarizedArticle, SummarySource, TextSource
from newsmoe.errors import ConfigError, InputError
from newsmoe.evaluation.rouge import LEAD_SENTENCES, RougeCounts, greedy_oracle
from newsmoe.registry.backbone.adapter import load_adapter
from newsmoe.registry.backbone.backbone import Encoded
from newsmoe.registry.backbone.reading import Reading, Window
from newsmoe.registry.kinds.extractive import ExtractiveSettings, Sentences, choose, scored, sentences_of
from newsmoe.registry.kinds.ranker import Ranker, Scores
from newsmoe.text.sentences import aligned
from newsmoe.training.adapter import adapted_encoder
from newsmoe.training.data import TrainingRun
from newsmoe.training.finetune import HeadObjective, finetune
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.ranker import SentenceRanker
from newsmoe.training.recipe import SummarizerRecipe

HEAD_DROPOUT = 0.2
GAIN_SCALE = 0.05  # difference in ROUGE F1 that makes one sentence e times as probable as another
THRESHOLDS = np.arange(0.05, 0.75, 0.025)
CHOSEN_GAIN = 0.1  # in ROUGE F1 that a reader's choice counts for
JUNK_LIMITS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
JUNK_WEIGHT = 1.0  # of the loss on sentences that are no part of the article


@dataclass(frozen=True)
class _Example:
    """An article, and what its sentences contribute to its summary."""

    reading: Reading
    sentences: Sentences
    # 1 for the sentences of the greedy oracle, or of the reader, else 0; or a teacher's probabilities, NaN for what
    # it did not read
    chosen: NDArray[np.float32]
    gains: NDArray[np.float32]  # mean of ROUGE-1 and -2 F1 of each sentence alone
    junk: NDArray[np.float32]  # 1 for the sentences that are no part of the article; NaN where nobody said
    counts: RougeCounts | None  # None where a reader, or a teacher, chose
    weight: float

    @property
    def window(self) -> Window:
        return self.reading.windows[0]

    def is_in(self, window: Window) -> bool:
        """Tell whether a sentence with a target is in a window, which may be cut."""
        labelled = self.sentences.numbers[~np.isnan(self.chosen)]
        return not set(labelled.tolist()).isdisjoint([span.sentence for span in window.spans])

    def score(self, chosen: Sequence[int]) -> NDArray[np.float64]:
        """Return what is good about some sentences, and is to be averaged over articles."""
        places = np.searchsorted(self.sentences.numbers, chosen)
        if self.counts is not None:
            return self.counts.scores(places.tolist())
        hits, right = self.chosen[places].sum(), self.chosen.sum()
        f1 = 2 * hits / max(1.0, len(places) + right)
        return np.array([f1, 1.0 - np.nan_to_num(self.junk[places]).max()])


def train_summarizer(recipe: SummarizerRecipe, home: Path, run: TrainingRun) -> TrainedExpert:
    """Train a summarizer on the first window of each article; `home` is the folder of the recipe.

    Each sentence has two targets: whether the greedy oracle chooses it (Nallapati et al. 2017), and its share
    of the gains of its article's sentences. The second ranks the many that the oracle does not choose. Where a
    reader chose sentences, those are both targets, and there may be a third: what is no part of the article. Where a
    teacher labels a text, its probabilities take the place of the reader's choice.
    """
    if recipe.shared_adapter:
        raise ConfigError(f"{recipe.name}: its adapter is one that it shares; train the recipe of that (train joint)")
    start = recipe.adapter.start_folder(home)
    objective = SentenceObjective(recipe, home, run)
    encoder = adapted_encoder(recipe.adapter, run.backbone, start)
    finetune(recipe.adapter, [objective], run.work, encoder=encoder, run=run)
    return objective.expert(run, run.work)


class SentenceObjective(HeadObjective):
    """Losses on the targets of the sentences; the quality is that of the summaries of the dev data."""

    def __init__(self, recipe: SummarizerRecipe, home: Path, run: TrainingRun) -> None:
        """Read the sources of a recipe in `home`; texts that the expert is measured on are not learned from."""
        self.recipe = recipe
        dev = ((source.title, _examples(source, recipe, run)) for source in recipe.dev)
        self.dev = {title: examples for title, examples in dev if examples}
        self.dev_windows = [example.window for examples in self.dev.values() for example in examples]
        measured_on = {*self.dev_windows}
        examples = (example for source in recipe.train for example in _examples(source, recipe, run))
        self.train = [example for example in examples if example.window not in measured_on]
        if recipe.teacher:
            self.train += [row for source in recipe.taught for row in _taught(source, recipe, home, run, measured_on)]
        if not (self.train and self.dev):
            raise InputError("too few examples: train or dev has none, and dev gets a fifth of a file; add some")
        self.module = SentenceRanker(run.backbone.width, HEAD_DROPOUT, recipe.place_dropout)
        self.windows = [example.window for example in self.train]

    @property
    def tables(self) -> Sequence[NDArray[np.generic]]:
        """The targets, and the weights of the articles."""
        targets = [table for example in self.train for table in (example.chosen, example.gains, example.junk)]
        return [*targets, np.array([example.weight for example in self.train])]

    def loss(self, states: torch.Tensor, windows: Sequence[Window], rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the loss on the sentences that are in the windows."""
        pairs = zip([self.train[row] for row in rows.tolist()], windows, strict=True)
        read = [(number, example, window) for number, (example, window) in enumerate(pairs) if example.is_in(window)]
        if not read:
            return states.new_zeros(())
        numbers, examples, windows = zip(*read, strict=True)
        states = states[torch.tensor(numbers)]
        pieces, *columns = _columns(examples, windows, states.shape[1])
        places, tokens, chosen, gains, junk = columns
        present = tokens > 0
        vectors = nn.functional.normalize(torch.bmm(pieces, states), dim=-1)
        wholes = nn.functional.normalize(states.sum(dim=1), dim=-1)
        logits, junk_logits = self.module(vectors, wholes, places, tokens, present).unbind(dim=-1)
        weights = torch.tensor([example.weight for example in examples])
        labelled = present & ~chosen.isnan()
        targets = (gains / GAIN_SCALE).masked_fill(~labelled, -torch.inf).softmax(dim=-1)
        ranks = logits.masked_fill(~labelled, -torch.inf).log_softmax(dim=-1).masked_fill(~labelled, 0.0)
        ranking = -(targets * ranks).sum(dim=-1)
        losses = _mean_entropy(logits, chosen, labelled) + self.recipe.ranking * ranking
        losses = losses + JUNK_WEIGHT * _mean_entropy(junk_logits, junk, present & ~junk.isnan())
        return torch.dot(losses, weights)

    def quality(self, read: Mapping[Window, Encoded]) -> float:
        """Return the quality with the recipe's settings."""
        return self._score(self._scores(read), self.recipe.settings)

    def expert(self, run: TrainingRun, folder: Path | None, *, shared: Path | None = None) -> TrainedExpert:
        """Return the expert with the adapter in `folder`, its limits fitted on the dev data.

        `shared` is where the adapter will be, if others use it too.
        """
        adapter = load_adapter(folder) if folder else None
        encoded = dict(zip(self.dev_windows, run.backbone.encode(self.dev_windows, adapter), strict=True))
        settings = self._best_settings(self._scores(encoded)).model_dump(exclude={"precision"})
        head = self.tensors(torch.float16)
        return TrainedExpert("extractive", settings, head, None if shared else folder, shared, needs_content=True)

    def _scores(self, encoded: Mapping[Window, Encoded]) -> dict[str, list[Scores]]:
        """Return the scores of each dev article's sentences, by source, as the expert computes them."""
        ranker = Ranker(self.tensors())
        return {
            name: [
                scored(ranker, example.sentences, example.reading.extract("head"), [encoded[example.window]])
                for example in examples
            ]
            for name, examples in self.dev.items()
        }

    def _best_settings(self, scores: Mapping[str, Sequence[Scores]]) -> ExtractiveSettings:
        """Return the recipe's settings with the limits that are best on dev data."""
        settings = self.recipe.settings
        for name, limits in (("threshold", THRESHOLDS.round(3).tolist()), ("max_junk", JUNK_LIMITS)):
            candidates = [settings.model_copy(update={name: limit}) for limit in limits]
            settings = max(candidates, key=lambda candidate: self._score(scores, candidate))
        return settings

    def _score(self, scores: Mapping[str, Sequence[Scores]], settings: ExtractiveSettings) -> float:
        """Return how good the sentences are that `settings` choose: the weighted mean over the dev sources.

        With summaries it is the geometric mean of ROUGE-1 and -2, so that a relative gain counts alike in both,
        although ROUGE-2 is much smaller; with a reader's choice that of F1 and the share of summaries without junk.
        """
        means = []
        for name, examples in self.dev.items():
            pairs = zip(examples, scores[name], strict=True)
            rows = [example.score(choose(example.sentences, row, example.reading, settings)) for example, row in pairs]
            means.append(float(np.sqrt(np.mean(rows, axis=0).prod())))
        weights = [examples[0].weight for examples in self.dev.values()]
        return float(np.average(means, weights=weights))


def _examples(source: SummarySource | ChosenSource, recipe: SummarizerRecipe, run: TrainingRun) -> list[_Example]:
    examples: list[_Example] = []
    rows: Iterable[SummarizedArticle | ReadArticle] = source.examples(run.data)
    for number, row in enumerate(rows, start=1):
        if number % 1000 == 0:
            run.report(f"labelling {source.title}", number, source.limit or number + 1)
        reading, sentences = _read(row.article, recipe, run)
        if len(sentences.numbers) < 2:
            continue
        texts = [reading.sentences[index] for index in sentences.numbers.tolist()]
        targets = _by_reader(texts, row) if isinstance(row, ReadArticle) else _by_rouge(texts, row)
        if targets[0].any():  # else nothing of the summary is among what is read
            examples.append(_Example(reading, sentences, *targets, source.weight))
    return examples


def _read(article: Article, recipe: SummarizerRecipe, run: TrainingRun) -> tuple[Reading, Sentences]:
    """Return an article as the expert reads it, and the sentences that may stand in its summary."""
    reading = run.backbone.read(article, recipe.settings.window_tokens)
    return reading, sentences_of(reading, reading.extract("head"))


def _taught(
    source: TextSource, recipe: SummarizerRecipe, home: Path, run: TrainingRun, measured_on: Set[Window]
) -> Iterator[_Example]:
    articles, readings = [], []
    for article in source.examples(run.data):
        reading, sentences = _read(article, recipe, run)
        if len(sentences.numbers) > 1 and reading.windows[0] not in measured_on:
            articles.append(article)
            readings.append((reading, sentences))
    taught = run.teachers.sentences(home / recipe.teacher, articles, run.report)
    for (reading, sentences), scores in zip(readings, taught, strict=True):
        chosen, junk = (
            np.array([part.get(number, np.nan) for number in sentences.numbers.tolist()], dtype=np.float32)
            for part in scores
        )
        yield _Example(reading, sentences, chosen, np.nan_to_num(chosen) * CHOSEN_GAIN, junk, None, source.weight)


Targets = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], RougeCounts | None]


def _by_rouge(sentences: Sequence[str], article: SummarizedArticle) -> Targets:
    counts = RougeCounts(sentences, article.summary)
    oracle = np.zeros(len(sentences), dtype=np.float32)
    oracle[greedy_oracle(counts, LEAD_SENTENCES)] = 1.0
    junk = np.where(oracle > 0, np.float32(0), np.float32(np.nan))  # what a summary has is part of the article
    return oracle, counts.with_each([]).astype(np.float32), junk, counts


def _by_reader(sentences: Sequence[str], article: ReadArticle) -> Targets:
    numbers = aligned(sentences, article.sentences)
    chosen, junk = (
        np.array([number in some for number in numbers], dtype=np.float32) for some in (article.chosen, article.junk)
    )
    return chosen, chosen * np.float32(CHOSEN_GAIN), junk, None


def _columns(examples: Sequence[_Example], windows: Sequence[Window], length: int) -> list[torch.Tensor]:
    """Return what is known of the sentences in the windows, each of shape (windows, sentences) but the first.

    That is the share of each token in a sentence, shape (windows, sentences, tokens); then their places, tokens,
    and targets.
    """
    pieces, rows = [], []
    for example, window in zip(examples, windows, strict=True):
        spans = {span.sentence: span for span in window.spans}
        present = [place for place, number in enumerate(example.sentences.numbers.tolist()) if number in spans]
        piece = torch.zeros(len(present), length)
        for row, place in enumerate(present):
            span = spans[int(example.sentences.numbers[place])]
            piece[row, span.start + 1 : span.end + 1] = 1.0 / (span.end - span.start)
        pieces.append(piece)
        columns = (*example.sentences, example.chosen, example.gains, example.junk)
        rows.append([torch.from_numpy(column[present]) for column in columns])
    padded = [pad_sequence(list(column), batch_first=True) for column in zip(*rows, strict=True)]
    return [pad_sequence(pieces, batch_first=True), *padded]


def _mean_entropy(logits: torch.Tensor, targets: torch.Tensor, labelled: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy over the labelled sentences of each window; 0 where none is."""
    losses = nn.functional.binary_cross_entropy_with_logits(logits, targets.nan_to_num(), reduction="none")
    return (losses * labelled).sum(dim=-1) / labelled.sum(dim=-1).clamp(min=1)
