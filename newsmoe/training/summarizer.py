"""A ranker of sentences, trained on articles with summaries: adapter and head together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from torch import nn

from newsmoe.datasets.sources import SummarySource
from newsmoe.errors import InputError
from newsmoe.evaluation.rouge import LEAD_SENTENCES, RougeCounts, greedy_oracle
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import HEADLINE, Extract, Reading
from newsmoe.registry.kinds.extractive import ExtractiveSettings, Sentences, choose, sentences_of
from newsmoe.training.finetune import (
    adapted_encoder,
    digest_of,
    rows_in_order,
    save_adapter,
    shuffled_batches,
)
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.loop import fit
from newsmoe.training.ranker import SentenceRanker
from newsmoe.training.recipe import SummarizerRecipe
from newsmoe.training.report import Report

HEAD_DROPOUT = 0.2
GAIN_SCALE = 0.05
"""Difference in ROUGE F1 by which one sentence should be e times as likely as another."""
THRESHOLDS = np.arange(0.05, 0.75, 0.025)


@dataclass(frozen=True)
class _Example:
    """An article, and what its sentences are worth.

    Attributes:
        reading: the article.
        extract: what is read of it.
        found: its sentences.
        oracle: which of them the greedy oracle takes, 0 or 1.
        gains: mean of ROUGE-1 and -2 F1 of each by itself.
        counts: of these sentences and the summary.
        weight: how much the article counts.
    """

    reading: Reading
    extract: Extract
    found: Sentences
    oracle: NDArray[np.float32]
    gains: NDArray[np.float32]
    counts: RougeCounts
    weight: float


def train_summarizer(
    recipe: SummarizerRecipe, root: Path, backbone: Backbone, work: Path, report: Report
) -> TrainedExpert:
    """Train what the recipe says; the adapter is written into `work`, with what training goes on from.

    Every sentence learns two things of the greedy oracle's choice (Nallapati et al. 2017): whether it is in
    it, and, against the other sentences of its article, how much of the summary it says by itself. The second
    tells apart the many sentences that the oracle leaves out.
    """
    train = [one for source in recipe.train for one in _examples(source, recipe, root, backbone, report)]
    dev = {source.title: _examples(source, recipe, root, backbone, report) for source in recipe.dev}
    if not (train and any(dev.values())):
        raise InputError("too few examples: of a file a fifth is for measuring, and none is left on one side")
    encoder = adapted_encoder(recipe.adapter, backbone, None)
    model = _Summarizer(encoder, SentenceRanker(backbone.width, HEAD_DROPOUT, recipe.place_dropout))
    objective = _Objective(model, backbone, recipe, train, dev)
    fit(model, objective, recipe.adapter, work, report)
    save_adapter(encoder, work)
    head = {
        name: tensor.detach().numpy().astype(np.float16) for name, tensor in model.ranker.state_dict().items()
    }
    settings = objective.best_settings().model_dump(exclude={"precision"})
    return TrainedExpert("extractive", settings, head, work, needs_content=True)


def _examples(
    source: SummarySource, recipe: SummarizerRecipe, root: Path, backbone: Backbone, report: Report
) -> list[_Example]:
    examples = []
    for number, (article, summary) in enumerate(source.examples(root), start=1):
        reading = backbone.read(article)
        extract = reading.extract(recipe.settings.long_input)
        found = sentences_of(reading, extract)
        if len(found.numbers) > 1:
            counts = RougeCounts([reading.sentences[one] for one in found.numbers.tolist()], summary)
            oracle = np.zeros(len(found.numbers), dtype=np.float32)
            oracle[greedy_oracle(counts, LEAD_SENTENCES)] = 1.0
            gains = counts.with_each([]).astype(np.float32)
            examples.append(_Example(reading, extract, found, oracle, gains, counts, source.weight))
        if number % 1000 == 0:
            report(f"labelling {source.title}", number, source.limit or number + 1)
    return examples


class _Summarizer(nn.Module):
    """Adapted encoder and ranker."""

    def __init__(self, encoder: PeftModel, ranker: SentenceRanker) -> None:
        super().__init__()
        self.encoder = encoder
        self.ranker = ranker

    def forward(self, batch: "_Batch", ids: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (articles, sentences), for the batch's ids as they may have been changed."""
        states = self.encoder(input_ids=ids, attention_mask=batch.mask).last_hidden_state
        pieces = nn.functional.normalize(torch.bmm(batch.pieces, states), dim=-1)
        sizes = batch.pieces.gt(0).sum(dim=-1, keepdim=True)
        articles, sentences = batch.present.shape
        vectors = states.new_zeros(articles * sentences + 1, states.shape[-1])
        vectors = vectors.index_add(0, batch.slots.flatten(), (pieces * sizes).flatten(0, 1))[:-1]
        windows = nn.functional.normalize((states * batch.mask.unsqueeze(-1)).sum(dim=1), dim=-1)
        wholes = states.new_zeros(articles, states.shape[-1])
        wholes = wholes.index_add(0, batch.owners, windows * batch.probabilities.unsqueeze(-1))
        logits: torch.Tensor = self.ranker(
            nn.functional.normalize(vectors, dim=-1).view(articles, sentences, -1),
            nn.functional.normalize(wholes, dim=-1),
            batch.places,
            batch.tokens,
            batch.present,
        )
        return logits


@dataclass(frozen=True)
class _Batch:
    """Articles as tensors.

    Attributes:
        ids: token ids, shape (windows, tokens).
        mask: which of them are there.
        pieces: means over the tokens of each piece of a sentence, shape (windows, pieces, tokens).
        slots: where a piece's sentence stands among all, shape (windows, pieces); the last is for none.
        owners: the article of each window.
        shares: what the window counts in it.
        places: numbers of the sentences, shape (articles, sentences).
        tokens: their lengths.
        present: which of them there are.
        oracle: 1 for those that the oracle takes.
        gains: what each says of the summary.
        weights: how much each article counts, shape (articles,).
    """

    ids: NDArray[np.int64]
    mask: torch.Tensor
    pieces: torch.Tensor
    slots: torch.Tensor
    owners: torch.Tensor
    probabilities: torch.Tensor
    places: torch.Tensor
    tokens: torch.Tensor
    present: torch.Tensor
    oracle: torch.Tensor
    gains: torch.Tensor
    weights: torch.Tensor


def _batch(examples: Sequence[_Example], backbone: Backbone) -> _Batch:
    windows = [(owner, window) for owner, one in enumerate(examples) for window in one.extract.windows]
    ids, mask = backbone.padded([window for _, window in windows])
    most_pieces = max(len(window.spans) for _, window in windows)
    most = max(len(one.found.numbers) for one in examples)
    pieces = np.zeros((len(windows), most_pieces, ids.shape[1]), dtype=np.float32)
    slots = np.full((len(windows), most_pieces), len(examples) * most, dtype=np.int64)
    index = [{number: place for place, number in enumerate(one.found.numbers.tolist())} for one in examples]
    for row, (owner, window) in enumerate(windows):
        for column, span in enumerate(window.spans):
            if span.sentence != HEADLINE and span.sentence in index[owner]:
                pieces[row, column, span.start + 1 : span.end + 1] = 1.0 / (span.end - span.start)
                slots[row, column] = owner * most + index[owner][span.sentence]

    def padded(rows: Sequence[NDArray[np.generic]]) -> torch.Tensor:
        table = np.zeros((len(rows), most), dtype=rows[0].dtype)
        for place, row in enumerate(rows):
            table[place, : len(row)] = row
        return torch.from_numpy(table)

    return _Batch(
        ids=ids,
        mask=torch.from_numpy(mask),
        pieces=torch.from_numpy(pieces),
        slots=torch.from_numpy(slots),
        owners=torch.tensor([owner for owner, _ in windows]),
        probabilities=torch.tensor([weight for one in examples for weight in one.extract.weights]),
        places=padded([one.found.numbers for one in examples]),
        tokens=padded([one.found.tokens for one in examples]),
        present=padded([np.ones(len(one.found.numbers), dtype=np.bool_) for one in examples]),
        oracle=padded([one.oracle for one in examples]),
        gains=padded([one.gains for one in examples]),
        weights=torch.tensor([one.weight for one in examples]),
    )


class _Objective:
    """Articles and their oracles; dev data is judged by ROUGE of the summaries that are chosen."""

    def __init__(
        self,
        model: _Summarizer,
        backbone: Backbone,
        recipe: SummarizerRecipe,
        train: Sequence[_Example],
        dev: Mapping[str, Sequence[_Example]],
    ) -> None:
        self.model = model
        self.backbone = backbone
        self.recipe = recipe
        self.train = train
        self.dev = dev
        self.lengths = [self._length(one) for one in train]
        self.digest = digest_of(
            [window for one in train for window in one.extract.windows],
            *(table for one in train for table in (one.oracle, one.gains)),
            np.array([one.weight for one in train]),
        )

    @staticmethod
    def _length(example: _Example) -> int:
        return sum(len(window) + 2 for window in example.extract.windows)

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return shuffled_batches(self.lengths, self.recipe.adapter, shuffle)

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        made = _batch([self.train[index] for index in batch], self.backbone)
        hidden = noise.random(made.ids.shape) < self.recipe.adapter.token_dropout
        logits = self.model(made, torch.from_numpy(self.backbone.hide_tokens(made.ids, hidden)))
        chosen = nn.functional.binary_cross_entropy_with_logits(logits, made.oracle, reduction="none")
        absent = ~made.present
        wanted = (made.gains / GAIN_SCALE).masked_fill(absent, -torch.inf).softmax(dim=-1)
        listed = logits.masked_fill(absent, -torch.inf).log_softmax(dim=-1).masked_fill(absent, 0.0)
        counts = made.present * made.weights.unsqueeze(-1)
        ranked = -(wanted * listed).sum(dim=-1) @ made.weights / made.weights.sum()
        loss: torch.Tensor = (chosen * counts).sum() / counts.sum() + self.recipe.ranking * ranked
        return loss

    def quality(self) -> float:
        return self._score(self._logits(), self.recipe.settings)

    def best_settings(self) -> ExtractiveSettings:
        """Return the recipe's settings with the threshold that is best on dev data."""
        logits = self._logits()
        tried = [
            self.recipe.settings.model_copy(update={"threshold": round(float(one), 3)}) for one in THRESHOLDS
        ]
        return max(tried, key=lambda settings: self._score(logits, settings))

    def _score(self, logits: Mapping[str, Sequence[Vectors]], settings: ExtractiveSettings) -> float:
        """Return ROUGE of what `settings` choose: the weighted mean over the dev sources.

        Of ROUGE-1 and -2 it is the geometric mean: a percent more of either counts alike, although the second
        is so much the smaller.
        """
        means = []
        for name, examples in self.dev.items():
            scores = []
            for one, own in zip(examples, logits[name], strict=True):
                numbers = choose(one.found, own, one.reading, settings)
                scores.append(one.counts.scores(np.searchsorted(one.found.numbers, numbers).tolist()))
            means.append(float(np.sqrt(np.mean(scores, axis=0).prod())))
        weights = [examples[0].weight for examples in self.dev.values()]
        return float(np.average(means, weights=weights))

    def _logits(self) -> dict[str, list[Vectors]]:
        """Return the logits of each dev article's sentences, by source."""
        return {name: self._logits_of(examples) for name, examples in self.dev.items()}

    @torch.inference_mode()
    def _logits_of(self, examples: Sequence[_Example]) -> list[Vectors]:
        def run(chosen: Sequence[int]) -> list[Vectors]:
            made = _batch([examples[index] for index in chosen], self.backbone)
            logits = self.model(made, torch.from_numpy(made.ids)).numpy()
            return [
                row[: len(examples[index].found.numbers)] for index, row in zip(chosen, logits, strict=True)
            ]

        return rows_in_order([self._length(one) for one in examples], self.recipe.adapter, run)
