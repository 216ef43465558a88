"""What else the time of a second expert could be spent on, for the sentiment of short texts.

    python -m tests.benchmarks.gate DATA SECOND DOUBLE

SECOND and DOUBLE are folders with `sentiment-general` trained again, by copies of its recipe with other names: with
another `seed`, and with twice the `rank` and `alpha`. On the dev data of `experts/gate-sentiment`, sources weighed as
there, the table has for each system how many experts read a text, the accuracy in percent, and how much better that is
than `sentiment-general` alone and than the mean of two seeds, with half the 95 % interval of a paired bootstrap over
the texts of each source. The gate is fitted to five bootstrap samples of its training data, and then without each kind
of text in turn. The stacked combiner is a logistic regression on the log-probabilities of the gate's experts,
cross-fitted on the dev data: the best that a combination of these predictions could reach.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from newsmoe.datasets.sources import LabelSource
from newsmoe.evaluation.gates import weights_of
from newsmoe.evaluation.pool import PoolPredictions, predict_pool
from newsmoe.evaluation.predictions import LabelPredictions
from newsmoe.gating.gate_card import GateCard, read_gate
from newsmoe.gating.learned import LearnedGate
from newsmoe.registry.cards import builtin_folder, read_card
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.training.gate import fit_gate, write_gate
from newsmoe.training.recipe import GateRecipe, read_recipe

GENERAL = "sentiment-general"
KINDS = {
    "reviews": ("SST-2",),
    "political news": ("NewsMTSC",),
    "financial headlines": ("SEntFiN", "headlines of what"),
    "news": ("headlines of labelled", "headlines of outlets", "their teasers", "teasers of"),
}
"""What the titles of the sources of a kind of text begin with."""
SAMPLES, FOLDS, RESAMPLES, GUESSERS = 5, 5, 4000, 3

Table = NDArray[np.float64]


@dataclass(frozen=True)
class DevSource:
    """Predictions of all experts for a source, of which only some labels may count."""

    pool: PoolPredictions
    closed: bool

    @property
    def predictions(self) -> LabelPredictions:
        """The predictions."""
        return cast(LabelPredictions, self.pool.predictions)

    def column(self, expert: str) -> int:
        """Return the number of an expert."""
        return self.pool.experts.index(expert)

    def correct(self, weights: Table) -> Table:
        """Return 1 where the label is right of experts mixed by weights, shape (experts,) or (texts, experts)."""
        return self.right(np.einsum("...e,...el->...l", weights, self.predictions.scores))

    def right(self, scores: Table) -> Table:
        """Return 1 where the label with the highest score, shape (texts, labels), is right, else 0."""
        truth = self.predictions.truth
        counts = np.isin(np.arange(scores.shape[1]), truth) if self.closed else True
        return np.asarray(np.where(counts, scores, -np.inf).argmax(axis=1) == truth, dtype=np.float64)


class System(NamedTuple):
    """A way to spend time, with 1 for each text that it gets right, or its share of the fits, by source."""

    name: str
    reads: int
    right: list[Table]


@dataclass(frozen=True)
class Gates:
    """Gates that are fitted as the shipped one is, to parts of its training data."""

    card: GateCard
    recipe: GateRecipe
    registry: Registry
    train: Sequence[PoolPredictions]

    @cached_property
    def features(self) -> Table:
        """What the gate reads of the training texts."""
        reader = self._gate(self.card).reader
        return np.concatenate([reader(source.articles) for source in self.train]).astype(np.float64)

    def fitted(self, chosen: NDArray[np.intp], dev: Sequence[DevSource]) -> list[Table]:
        """Return the weights, by dev source, that a gate gives the experts which was fitted to these texts."""
        utility = np.concatenate([source.predictions.success for source in self.train])[chosen]
        weights = np.repeat([source.weight for source in self.train], [len(source.articles) for source in self.train])
        head = fit_gate(self.features[chosen], utility, weights[chosen], self.recipe, lambda *_: None).head
        with TemporaryDirectory() as folder:
            card = self.card.model_copy(update={"folder": Path(folder)})
            write_gate(card, head)
            gate = self._gate(card)
            return [weights_of(gate.route(source.pool.articles), source.pool.experts) for source in dev]

    def without(self, titles: tuple[str, ...]) -> NDArray[np.intp]:
        """Return the numbers of the texts of sources whose titles begin otherwise."""
        return np.flatnonzero(
            np.concatenate([[not source.title.startswith(titles)] * len(source.articles) for source in self.train])
        )

    def _gate(self, card: GateCard) -> LearnedGate:
        return LearnedGate(card, self.registry.pool(card.task), lambda: self.registry.backbones.backbone(Device()))


def main() -> None:
    """Predict everything, fit the gates, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("double", type=Path)
    options = parser.parse_args()
    folder = builtin_folder() / "gate-sentiment"
    card, recipe = read_gate(folder), read_recipe(folder / "recipe.toml", GateRecipe)
    registry = Registry([options.second, options.double], plugins=False)
    second, double = (read_card(path).name for path in (options.second, options.double))
    gates = Gates(
        card, recipe, registry, predict_pool(card.names, recipe.train, options.data, registry, lambda *_: None)
    )
    sources = [source for source in recipe.dev if isinstance(source, LabelSource)]
    whole = [source.model_copy(update={"closed": False}) for source in sources]
    pool = predict_pool([*card.names, second, double], whole, options.data, registry, lambda *_: None)
    dev = [DevSource(each, source.closed) for each, source in zip(pool, sources, strict=True)]
    every = len(gates.features)
    samples = [np.random.default_rng(seed).integers(0, every, every) for seed in range(SAMPLES)]
    fitted = [gates.fitted(sample, dev) for sample in samples]
    _print(dev, [*_fixed(dev, card, second, double), *_fitted(fitted, dev), *_bounds(dev, card)])
    for kind, titles in KINDS.items():
        some = [source for source in dev if source.pool.title.startswith(titles)]
        print(f"\n{kind}, of which the gate has seen none")
        alone, averaged, *_ = _fixed(some, card, second, double)
        unseen = System("gate", 2, _right(gates.fitted(gates.without(titles), some), some))
        _print(some, [alone, averaged, unseen])


def _right(weights: Sequence[Table], dev: Sequence[DevSource]) -> list[Table]:
    return [source.correct(table) for source, table in zip(dev, weights, strict=True)]


def _fixed(dev: Sequence[DevSource], card: GateCard, second: str, double: str) -> list[System]:
    """Return the systems that treat all texts alike: `sentiment-general` and the mean of two seeds first."""
    experts = dev[0].pool.experts
    chosen = {
        f"{GENERAL} alone": [GENERAL],
        "two seeds of it": [GENERAL, second],
        "twice the rank": [double],
        **{f"{GENERAL} and {name}": [GENERAL, name] for name in card.names if name != GENERAL},
        "all experts of the gate": list(card.names),
    }
    tables = {name: np.isin(experts, some) / len(some) for name, some in chosen.items()}
    return [System(name, len(chosen[name]), _right([table] * len(dev), dev)) for name, table in tables.items()]


def _fitted(samples: Sequence[Sequence[Table]], dev: Sequence[DevSource]) -> Iterator[System]:
    """Yield the gates of all samples, and their mean."""
    rights = [_right(weights, dev) for weights in samples]
    for number, right in enumerate(rights, start=1):
        yield System(f"gate, sample {number}", 2, right)
    yield System("gate, mean of the samples", 2, [np.mean(rows, axis=0) for rows in zip(*rights, strict=True)])


def _bounds(dev: Sequence[DevSource], card: GateCard) -> Iterator[System]:
    """Yield what no gate can do: a combiner that has seen these labels, and choices by them."""
    columns = [dev[0].column(name) for name in card.names]
    scores = [source.predictions.scores for source in dev]
    features = np.concatenate([np.log(table[:, columns] + 1e-6).reshape(len(table), -1) for table in scores])
    truth = np.concatenate([source.predictions.truth for source in dev])
    weights = np.repeat([source.pool.weight / len(source.pool.articles) for source in dev], list(map(len, scores)))
    folds = np.random.default_rng(0).permutation(len(truth)) % FOLDS
    stacked = np.empty((len(truth), scores[0].shape[2]))
    for fold in range(FOLDS):
        seen = folds != fold
        model = LogisticRegression(C=0.01, max_iter=2000)
        model.fit(features[seen], truth[seen], sample_weight=weights[seen] / weights.mean())
        stacked[~seen] = model.predict_proba(features[~seen])
    parts = np.split(stacked, np.cumsum(list(map(len, scores)))[:-1])
    right = [source.right(part) for source, part in zip(dev, parts, strict=True)]
    yield System("stacked combiner of all, cross-fitted", len(columns), right)
    alone = [np.stack(_each(source, columns)) for source in dev]
    yield System("oracle over all", 1, [rows.max(axis=0) for rows in alone])
    chance = np.random.default_rng(0)
    guessed = [
        np.maximum(rows[0], (chance.random((GUESSERS, rows.shape[1])) < 1 / scores[0].shape[2]).max(axis=0))
        for rows in alone
    ]
    yield System(f"oracle over {GENERAL} and three that guess", 1, guessed)


def _each(source: DevSource, columns: Sequence[int]) -> list[Table]:
    """Return which texts each expert alone gets right."""
    return [source.right(source.predictions.scores[:, column]) for column in columns]


def _print(dev: Sequence[DevSource], systems: Sequence[System]) -> None:
    weights = np.array([source.pool.weight for source in dev])
    alone, averaged = systems[:2]
    print("| | reads | accuracy | to general alone | to two seeds |", "| --- | ---: | ---: | ---: | ---: |", sep="\n")
    for name, reads, right in systems:
        accuracy = 100 * np.average([rows.mean() for rows in right], weights=weights)
        gains = [_gain(right, other.right, weights) for other in (alone, averaged)]
        print(f"| {name} | {reads} | {accuracy:.2f} | {' | '.join(gains)} |")


def _gain(right: Sequence[Table], other: Sequence[Table], weights: Table) -> str:
    """Return the mean difference in points, and half its 95 % interval."""
    chance = np.random.default_rng(0)
    means = []
    for after, before in zip(right, other, strict=True):
        difference = after - before
        drawn = chance.multinomial(len(difference), np.full(len(difference), 1 / len(difference)), RESAMPLES)
        means.append(np.append(drawn @ difference, difference.sum()) / len(difference))
    *resampled, mean = 100 * np.average(means, axis=0, weights=weights)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return f"{mean:+.2f} ± {(high - low) / 2:.2f}"


if __name__ == "__main__":
    main()
