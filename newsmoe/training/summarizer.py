"""Training of a summarizer that ranks sentences, on articles with summaries: adapter and ranker together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from newsmoe.datasets.sources import SummarySource
from newsmoe.errors import InputError
from newsmoe.evaluation.rouge import LEAD_SENTENCES, RougeCounts, greedy_oracle
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import HEADLINE, Extract, Reading
from newsmoe.registry.batching import Batcher
from newsmoe.registry.kinds.extractive import ExtractiveSettings, Sentences, choose, sentences_of
from newsmoe.training.adapter import adapted_encoder, save_adapter
from newsmoe.training.data import TrainingRun
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.loop import digest_of, fit, shuffled_batches
from newsmoe.training.ranker import SentenceRanker
from newsmoe.training.recipe import SummarizerRecipe

HEAD_DROPOUT = 0.2
GAIN_SCALE = 0.05  # difference in ROUGE F1 that makes one sentence e times as probable as another
THRESHOLDS = np.arange(0.05, 0.75, 0.025)


@dataclass(frozen=True)
class _Example:
    """An article, and what its sentences contribute to its summary."""

    reading: Reading
    extract: Extract
    sentences: Sentences
    oracle: NDArray[np.float32]  # 1 for the sentences of the greedy oracle, else 0
    gains: NDArray[np.float32]  # mean of ROUGE-1 and -2 F1 of each sentence alone
    counts: RougeCounts
    weight: float

    @property
    def length(self) -> int:
        return sum(len(window) + 2 for window in self.extract.windows)


def train_summarizer(recipe: SummarizerRecipe, run: TrainingRun) -> TrainedExpert:
    """Train a summarizer.

    Each sentence has two targets: whether the greedy oracle chooses it (Nallapati et al. 2017), and its share
    of the gains of its article's sentences. The second ranks the many that the oracle does not choose.
    """
    train = [example for source in recipe.train for example in _examples(source, recipe, run)]
    dev = {source.title: _examples(source, recipe, run) for source in recipe.dev}
    if not (train and any(dev.values())):
        raise InputError("too few examples: train or dev has none, and dev gets a fifth of a file; add some")
    encoder = adapted_encoder(recipe.adapter, run.backbone, None)
    model = _Summarizer(encoder, SentenceRanker(run.backbone.width, HEAD_DROPOUT, recipe.place_dropout))
    objective = _Objective(model, run.backbone, recipe, train, dev)
    fit(model, objective, recipe.adapter, run.work, run.report)
    save_adapter(encoder, run.work)
    head = {name: tensor.half().numpy() for name, tensor in model.ranker.state_dict().items()}
    settings = objective.best_settings().model_dump(exclude={"precision"})
    return TrainedExpert("extractive", settings, head, run.work, needs_content=True)


def _examples(source: SummarySource, recipe: SummarizerRecipe, run: TrainingRun) -> list[_Example]:
    examples = []
    for number, (article, summary) in enumerate(source.examples(run.data), start=1):
        reading = run.backbone.read(article)
        extract = reading.extract(recipe.settings.long_input)
        sentences = sentences_of(reading, extract)
        if len(sentences.numbers) > 1:
            counts = RougeCounts([reading.sentences[index] for index in sentences.numbers.tolist()], summary)
            oracle = np.zeros(len(sentences.numbers), dtype=np.float32)
            oracle[greedy_oracle(counts, LEAD_SENTENCES)] = 1.0
            gains = counts.with_each([]).astype(np.float32)
            examples.append(_Example(reading, extract, sentences, oracle, gains, counts, source.weight))
        if number % 1000 == 0:
            run.report(f"labelling {source.title}", number, source.limit or number + 1)
    return examples


class _Summarizer(nn.Module):
    """Adapted encoder and ranker."""

    def __init__(self, encoder: PeftModel, ranker: SentenceRanker) -> None:
        super().__init__()
        self.encoder = encoder
        self.ranker = ranker

    def forward(self, batch: "_Batch", ids: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (articles, sentences); `ids` are those of the batch, some of them hidden."""
        states = self.encoder(input_ids=ids, attention_mask=batch.mask).last_hidden_state
        pieces = nn.functional.normalize(torch.bmm(batch.pieces, states), dim=-1)
        sizes = batch.pieces.gt(0).sum(dim=-1, keepdim=True)
        articles, sentences = batch.present.shape
        vectors = states.new_zeros(articles * sentences + 1, states.shape[-1])
        vectors = vectors.index_add(0, batch.slots.flatten(), (pieces * sizes).flatten(0, 1))[:-1]
        windows = nn.functional.normalize((states * batch.mask.unsqueeze(-1)).sum(dim=1), dim=-1)
        wholes = states.new_zeros(articles, states.shape[-1])
        wholes = wholes.index_add(0, batch.owners, windows * batch.parts.unsqueeze(-1))
        logits: torch.Tensor = self.ranker(
            nn.functional.normalize(vectors, dim=-1).view(articles, sentences, -1),
            nn.functional.normalize(wholes, dim=-1),
            batch.places,
            batch.tokens,
            batch.present,
        )
        return logits


class _Batch(NamedTuple):
    """Articles as tensors; those without a comment are of shape (articles, sentences)."""

    ids: torch.Tensor  # shape (windows, tokens)
    mask: torch.Tensor  # of the same shape
    pieces: torch.Tensor  # means over the tokens of a piece of a sentence, shape (windows, pieces, tokens)
    slots: torch.Tensor  # index of a piece's sentence, the last one for none, shape (windows, pieces)
    owners: torch.Tensor  # index of a window's article
    parts: torch.Tensor  # weight of a window in its article
    places: torch.Tensor
    tokens: torch.Tensor
    oracle: torch.Tensor
    gains: torch.Tensor
    weights: torch.Tensor  # shape (articles,)

    @property
    def present(self) -> torch.Tensor:
        return self.tokens > 0


def _batch(examples: Sequence[_Example], backbone: Backbone) -> _Batch:
    windows = [(owner, window) for owner, each in enumerate(examples) for window in each.extract.windows]
    ids, mask = map(torch.from_numpy, backbone.padded([window for _, window in windows]))
    max_pieces = max(len(window.spans) for _, window in windows)
    max_sentences = max(len(example.oracle) for example in examples)
    pieces = torch.zeros(len(windows), max_pieces, ids.shape[1])
    slots = torch.full((len(windows), max_pieces), len(examples) * max_sentences)
    for row, (owner, window) in enumerate(windows):
        numbers = examples[owner].sentences.numbers.tolist()
        for column, span in enumerate(window.spans):
            if span.sentence != HEADLINE and span.sentence in numbers:
                pieces[row, column, span.start + 1 : span.end + 1] = 1.0 / (span.end - span.start)
                slots[row, column] = owner * max_sentences + numbers.index(span.sentence)
    owners = torch.tensor([owner for owner, _ in windows])
    parts = torch.tensor([weight for example in examples for weight in example.extract.weights])
    rows = ((*example.sentences, example.oracle, example.gains) for example in examples)
    places, tokens, oracle, gains = (
        pad_sequence(list(map(torch.from_numpy, column)), batch_first=True) for column in zip(*rows, strict=True)
    )
    weights = torch.tensor([example.weight for example in examples])
    return _Batch(ids, mask, pieces, slots, owners, parts, places, tokens, oracle, gains, weights)


@dataclass
class _Objective:
    """Losses on both targets; the quality is ROUGE of the summaries of the dev data."""

    model: _Summarizer
    backbone: Backbone
    recipe: SummarizerRecipe
    train: Sequence[_Example]
    dev: Mapping[str, Sequence[_Example]]

    @cached_property
    def digest(self) -> str:
        return digest_of(
            [window for example in self.train for window in example.extract.windows],
            *(table for example in self.train for table in (example.oracle, example.gains)),
            np.array([example.weight for example in self.train]),
        )

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return shuffled_batches([example.length for example in self.train], self.recipe.adapter, shuffle)

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        tensors = _batch([self.train[index] for index in batch], self.backbone)
        hidden = noise.random(tensors.ids.shape) < self.recipe.adapter.token_dropout
        ids = self.backbone.hide_tokens(tensors.ids.numpy(), hidden)
        logits = self.model(tensors, torch.from_numpy(ids))
        losses = nn.functional.binary_cross_entropy_with_logits(logits, tensors.oracle, reduction="none")
        absent = ~tensors.present
        targets = (tensors.gains / GAIN_SCALE).masked_fill(absent, -torch.inf).softmax(dim=-1)
        ranks = logits.masked_fill(absent, -torch.inf).log_softmax(dim=-1).masked_fill(absent, 0.0)
        ranking = -(targets * ranks).sum(dim=-1) @ tensors.weights / tensors.weights.sum()
        counts = tensors.present * tensors.weights.unsqueeze(-1)
        loss: torch.Tensor = (losses * counts).sum() / counts.sum() + self.recipe.ranking * ranking
        return loss

    def quality(self) -> float:
        return self._score(self._logits(), self.recipe.settings)

    def best_settings(self) -> ExtractiveSettings:
        """Return the recipe's settings with the best threshold on dev data."""
        logits, settings = self._logits(), self.recipe.settings
        thresholds = [round(float(threshold), 3) for threshold in THRESHOLDS]
        candidates = [settings.model_copy(update={"threshold": threshold}) for threshold in thresholds]
        return max(candidates, key=lambda candidate: self._score(logits, candidate))

    def _score(self, logits: Mapping[str, Sequence[Vectors]], settings: ExtractiveSettings) -> float:
        """Return ROUGE of the sentences that `settings` choose: the weighted mean over the dev sources.

        It is the geometric mean of ROUGE-1 and -2, so that a relative gain counts alike in both, although
        ROUGE-2 is much smaller.
        """
        means = []
        for name, examples in self.dev.items():
            scores = []
            for example, row in zip(examples, logits[name], strict=True):
                numbers = choose(example.sentences, row, example.reading, settings)
                places = np.searchsorted(example.sentences.numbers, numbers).tolist()
                scores.append(example.counts.scores(places))
            means.append(float(np.sqrt(np.mean(scores, axis=0).prod())))
        weights = [examples[0].weight for examples in self.dev.values()]
        return float(np.average(means, weights=weights))

    def _logits(self) -> dict[str, list[Vectors]]:
        """Return the logits of each dev article's sentences, by source."""
        return {name: self._logits_of(examples) for name, examples in self.dev.items()}

    @torch.inference_mode()
    def _logits_of(self, examples: Sequence[_Example]) -> list[Vectors]:
        def forward(batch: list[_Example]) -> list[Vectors]:
            tensors = _batch(batch, self.backbone)
            logits = self.model(tensors, tensors.ids).numpy()
            return [row[: len(example.oracle)] for example, row in zip(batch, logits, strict=True)]

        batcher = Batcher(self.recipe.adapter.batch_tokens)
        return batcher.run(examples, [example.length for example in examples], forward)
