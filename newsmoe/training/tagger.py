"""Training of a tagger of entities on articles in which every word has a tag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from newsmoe.datasets.tagged import Span, TaggedArticle, TaggedSource
from newsmoe.errors import ConfigError, InputError
from newsmoe.evaluation.spans import SpanCounts
from newsmoe.registry.backbone.backbone import Vectors, token_states
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.kinds.tagger import tagged_spans
from newsmoe.registry.kinds.token_head import TokenHead, tags_of
from newsmoe.registry.kinds.tokens import ArticleTokens, article_tokens, by_window
from newsmoe.text.shapes import LETTER, LOWER, MIXED, SHAPES, TITLE, UPPER
from newsmoe.training.adapter import adapted_encoder
from newsmoe.training.data import TrainingRun
from newsmoe.training.finetune import HeadObjective, finetune
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.recipe import TaggerRecipe
from newsmoe.training.token_head import TrainedTokenHead

HEAD_DROPOUT = 0.1
NO_TARGET = -100
REWRITTEN = 0.1
"""Share of windows that are learned from as if in capitals, and share as if every word had one, as headlines may."""


def _as_if(shape: int, instead_of: Sequence[int]) -> torch.Tensor:
    """Return the shape of each token after all words of some shapes are written in another one."""
    table = torch.arange(SHAPES)
    return torch.where(torch.isin(table // 4, torch.tensor(instead_of)), table % 4 + 4 * shape, table)


IN_CAPITALS = _as_if(UPPER, (LOWER, TITLE, MIXED, LETTER))
CAPITALIZED = _as_if(TITLE, (LOWER,))


@dataclass(frozen=True)
class _Example:
    """An article, cut into windows, with the place and the tag of each of its tokens."""

    entities: tuple[Span, ...]
    tokens: ArticleTokens
    targets: NDArray[np.int64]
    windows: tuple[Window, ...]
    weight: float

    def by_window(self, values: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        return by_window(values, [len(window) for window in self.windows])


def train_tagger(recipe: TaggerRecipe, home: Path, run: TrainingRun) -> TrainedExpert:
    """Train a tagger on all windows of each article: an adapter, and a head that also sees how words are written.

    `home` is the folder of the recipe.
    """
    if recipe.shared_adapter:
        raise ConfigError(f"{recipe.name}: its adapter is one that it shares; train the recipe of that (train joint)")
    start = recipe.adapter.start_folder(home)
    objective = TagObjective(recipe, run)
    encoder = adapted_encoder(recipe.adapter, run.backbone, start)
    finetune(recipe.adapter, [objective], run.work, encoder=encoder, run=run)
    return objective.expert(run.work)


class TagObjective(HeadObjective):
    """Cross-entropy of the tags of words; the quality is F1 of whole entities on the dev data."""

    read = staticmethod(token_states)

    def __init__(self, recipe: TaggerRecipe, run: TrainingRun) -> None:
        """Read the sources; texts that the expert is measured on are not learned from."""
        self.recipe = recipe
        self.dev = {source.title: _examples(source, recipe.types, run) for source in recipe.dev}
        self.dev_windows = [window for data in self.dev.values() for example in data for window in example.windows]
        measured_on = {*self.dev_windows}
        examples = [example for source in recipe.train for example in _examples(source, recipe.types, run)]
        train = [example for example in examples if measured_on.isdisjoint(example.windows)]
        if not (train and self.dev_windows):
            raise InputError("too few examples: train or dev has none; add some")
        self.module = TrainedTokenHead(run.backbone.width, len(tags_of(recipe.types)), HEAD_DROPOUT)
        self.windows = [window for example in train for window in example.windows]
        self.shapes = [shapes for example in train for shapes in example.by_window(example.tokens.shapes)]
        self.targets = [targets for example in train for targets in example.by_window(example.targets)]
        self.weights = np.array([example.weight for example in train for _ in example.windows], dtype=np.float32)

    @property
    def tables(self) -> Sequence[NDArray[np.generic]]:
        """Shapes and tags of all tokens, and the weights of the windows."""
        return [*self.shapes, *self.targets, self.weights]

    def loss(self, states: torch.Tensor, windows: Sequence[Window], rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the mean loss on the words of each window, summed."""
        pairs = list(zip(rows.tolist(), windows, strict=True))
        shapes = _padded([self.shapes[row][: len(window)] for row, window in pairs], 0)
        targets = _padded([self.targets[row][: len(window)] for row, window in pairs], NO_TARGET)
        present = _padded([np.ones(len(window), dtype=np.float32) for window in windows], 0)
        logits = self.module(states[:, 1 : shapes.shape[1] + 1], _rewritten(shapes), present)
        losses = nn.functional.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=NO_TARGET, reduction="none"
        ).sum(dim=1) / (targets != NO_TARGET).sum(dim=1).clamp(min=1)
        return torch.dot(losses, torch.from_numpy(self.weights[rows]))

    def quality(self, read: Mapping[Window, Vectors]) -> float:
        """Return F1 with the head as it is."""
        head = TokenHead(self.tensors())
        return float(np.mean([self._f1(head, examples, read) for examples in self.dev.values()]))

    def _f1(self, head: TokenHead, examples: Sequence[_Example], read: Mapping[Window, Vectors]) -> float:
        counts = SpanCounts({entity.type for example in examples for entity in example.entities})
        for example in filter(lambda example: example.windows, examples):
            shapes = example.by_window(example.tokens.shapes)
            logits = [head(read[window], shape) for window, shape in zip(example.windows, shapes, strict=True)]
            counts.add(example.entities, _predicted(example.tokens, np.concatenate(logits), self.recipe.types))
        return counts.total().f1

    def expert(self, folder: Path, *, shared: Path | None = None) -> TrainedExpert:
        """Return the expert with the adapter in `folder`; `shared` is where it will be, if others use it too."""
        head = self.tensors(torch.float16)
        settings = {"types": list(self.recipe.types), "long_input": "windows"}
        return TrainedExpert("tagger", settings, head, None if shared else folder, shared)


def _predicted(tokens: ArticleTokens, logits: Vectors, types: Sequence[str]) -> list[Span]:
    words, ends = tokens.words, tokens.word_ends()
    spans = tagged_spans(tokens.sentences[words], logits[words])
    return [Span(int(tokens.starts[words[start]]), int(ends[end - 1]), types[type]) for start, end, type in spans]


def _examples(source: TaggedSource, types: Sequence[str], run: TrainingRun) -> list[_Example]:
    return [_example(tagged, source, types, run) for tagged in source.examples(run.data)]


def _example(tagged: TaggedArticle, source: TaggedSource, types: Sequence[str], run: TrainingRun) -> _Example:
    article, entities = tagged
    if unknown := {entity.type for entity in entities}.difference(types):
        raise InputError(
            f"{source.title}: the recipe's types lack {', '.join(map(repr, sorted(unknown)))}; add them to `types`,"
            " or name the others under the source's `types`"
        )
    reading = run.backbone.read(article)
    tokens = article_tokens(article, reading, run.backbone.tokenizer)
    targets = np.full(len(tokens.starts), NO_TARGET, dtype=np.int64)
    targets[tokens.words] = _tags(tokens.starts[tokens.words], entities, types)
    return _Example(entities, tokens, targets, reading.windows, source.weight)


def _tags(starts: NDArray[np.int64], entities: Sequence[Span], types: Sequence[str]) -> NDArray[np.int64]:
    """Return the tag of each word, given where the words start."""
    tags = np.zeros(len(starts), dtype=np.int64)
    for entity in entities:
        first, last = np.searchsorted(starts, [entity.start, entity.end]).tolist()
        tags[first:last] = 2 * types.index(entity.type) + 2
        tags[first : min(last, first + 1)] -= 1
    return tags


def _rewritten(shapes: torch.Tensor) -> torch.Tensor:
    chance = torch.rand(len(shapes), 1)
    shapes = torch.where(chance < REWRITTEN, IN_CAPITALS[shapes], shapes)
    return torch.where(chance > 1 - REWRITTEN, CAPITALIZED[shapes], shapes)


def _padded(rows: Sequence[NDArray[np.generic]], value: int) -> torch.Tensor:
    tensors = [torch.from_numpy(row) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=value)
