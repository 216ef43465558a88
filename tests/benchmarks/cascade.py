"""What it gains to have larger experts read again what smaller ones are not sure of, by the share of articles.

    python -m tests.benchmarks.cascade DATA

On the dev data of the smaller experts' recipes: accuracy and macro-F1 of sentiment and topic in percent, where the
least sure articles of each window are read again, as `--budget` has it, and as it is without a budget. The last row is
the larger expert alone.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from newsmoe.datasets.sources import LabelledArticle
from newsmoe.orchestrator.cascade import LARGER_WEIGHT, least_sure, margin
from newsmoe.orchestrator.combiners import combine
from newsmoe.prediction import Prediction, scores_of
from newsmoe.registry.cards import builtin_folder
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
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

    def figures(self, again: NDArray[np.bool_], weight: float = LARGER_WEIGHT) -> str:
        """Return accuracy and macro-F1 where the larger expert reads the articles in `again`, with this weight."""
        weights = {"large": weight, "small": 1 - weight}
        chosen = [
            combine({"large": large, "small": small}, weights) if is_again else small
            for small, large, is_again in zip(self.small, self.large, again, strict=True)
        ]
        labels = [max(scores := scores_of(prediction), key=scores.__getitem__) for prediction in chosen]
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
            again = _again(list(tasks.values()), budget)
            print(f"{100 * again.mean():.0f} %", *(predicted.figures(again) for predicted in tasks.values()), sep="\t")
        alone = (predicted.figures(np.ones(len(predicted.truth), dtype=bool), 1.0) for predicted in tasks.values())
        print("larger alone", *alone, sep="\t")


def _predictions(registry: Registry, name: str, examples: Sequence[LabelledArticle]) -> list[Prediction]:
    expert = registry.build(name)
    expert.load(Device().resolve())
    articles = [example.article for example in examples]
    blocks = (articles[start : start + BLOCK] for start in range(0, len(articles), BLOCK))
    return [prediction for block in blocks for prediction in expert.predict(block)]


def _again(tasks: Sequence[Predicted], budget: float | None) -> NDArray[np.bool_]:
    """Return which articles are read again, window by window."""
    margins = [min(map(margin, predictions)) for predictions in zip(*(task.small for task in tasks), strict=True)]
    again = np.zeros(len(margins), dtype=bool)
    for start in range(0, len(margins), WINDOW):
        again[[start + number for number in least_sure(margins[start : start + WINDOW], budget)]] = True
    return again


if __name__ == "__main__":
    main()
