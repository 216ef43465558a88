"""What it gains to have larger experts read again what smaller ones are not sure of, by the share of articles.

    python -m tests.benchmarks.cascade DATA

On the dev data of the smaller experts' recipes: accuracy and macro-F1 of sentiment and topic in percent, where the
least sure articles of each window are read again, as `--budget` has it, and as it is without a budget. Then as in the
profile `accurate`, where the larger expert reads all, and the smaller one what it is not sure of; and the larger alone.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from newsmoe.datasets.sources import LabelledArticle
from newsmoe.orchestrator.cascade import least_sure, margin
from newsmoe.orchestrator.combiners import combine
from newsmoe.prediction import Prediction, scores_of
from newsmoe.registry.cards import builtin_folder
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.conditions import SECOND_WEIGHT
from newsmoe.settings.model import Settings
from newsmoe.training.recipe import ClassifierRecipe, read_recipe

TASKS = {"sentiment": ("sentiment-articles", "sentiment-large"), "topic": ("topic-articles", "topic-large")}
BUDGETS = (0.0, 0.2, 0.4, 0.6, 1.0, None)
WINDOW: int = Settings().window_articles
BLOCK = 64


class Predicted(NamedTuple):
    """A task of the articles of one source."""

    truth: list[str]
    small: list[Prediction]
    large: list[Prediction]

    def figures(self, weights: NDArray[np.float64]) -> str:
        """Return accuracy and macro-F1, given the weight of the larger expert for each article."""
        mixed = [
            combine({"large": large, "small": small}, {"large": weight, "small": 1 - weight})
            for small, large, weight in zip(self.small, self.large, weights.tolist(), strict=True)
        ]
        labels = [max(scores := scores_of(prediction), key=scores.__getitem__) for prediction in mixed]
        accuracy = np.mean([label == true for label, true in zip(labels, self.truth, strict=True)])
        f1 = f1_score(self.truth, labels, labels=sorted({*self.truth}), average="macro")
        return f"{100 * accuracy:.1f} / {100 * f1:.1f}"


def main() -> None:
    """Predict everything with both, and print a table for each source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data: Path = parser.parse_args().data
    registry = Registry(plugins=False)
    sources: dict[str, dict[str, Predicted]] = {}
    for task, experts in TASKS.items():
        recipe = read_recipe(builtin_folder() / experts[0] / "recipe.toml", ClassifierRecipe)
        for source in (source for source in recipe.dev if source.content):  # not those of headlines alone
            examples = list(source.examples(data, recipe.labels))
            small, large = (_predictions(registry, name, examples) for name in experts)
            sources.setdefault(source.title, {})[task] = Predicted(
                [example.label for example in examples], small, large
            )
    for title, tasks in sources.items():
        print(title)
        print("read again", *tasks, sep="\t")
        for budget in BUDGETS:
            again = _least_sure([predicted.small for predicted in tasks.values()], budget)
            _print(f"{100 * again.mean():.0f} %", tasks, again * SECOND_WEIGHT)
        unsure = _least_sure([predicted.large for predicted in tasks.values()], None)
        _print(f"accurate, {100 * unsure.mean():.0f} %", tasks, np.where(unsure, SECOND_WEIGHT, 1.0))
        _print("larger alone", tasks, np.ones(len(unsure)))


def _predictions(registry: Registry, name: str, examples: Sequence[LabelledArticle]) -> list[Prediction]:
    expert = registry.build(name)
    expert.load(Device().resolve())
    articles = [example.article for example in examples]
    blocks = (articles[start : start + BLOCK] for start in range(0, len(articles), BLOCK))
    return [prediction for block in blocks for prediction in expert.predict(block)]


def _print(name: str, tasks: Mapping[str, Predicted], weights: NDArray[np.float64]) -> None:
    print(name, *(predicted.figures(weights) for predicted in tasks.values()), sep="\t")


def _least_sure(tasks: Sequence[Sequence[Prediction]], budget: float | None) -> NDArray[np.bool_]:
    """Return which articles are read again, window by window, given what was predicted of them for each task."""
    margins = [min(map(margin, predictions)) for predictions in zip(*tasks, strict=True)]
    again = np.zeros(len(margins), dtype=bool)
    for start in range(0, len(margins), WINDOW):
        again[[start + number for number in least_sure(margins[start : start + WINDOW], budget)]] = True
    return again


if __name__ == "__main__":
    main()
