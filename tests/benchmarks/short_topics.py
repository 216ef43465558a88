"""How well topics of headlines and teasers are told, by the weight of the expert of whole articles.

    python -m tests.benchmarks.short_topics DATA

Labelled articles of DATA, of outlets that were not trained on, are cut to their headlines, and to headline and first
sentence; the topic is that of the whole article. The other sources are the dev data of `topic-news`. Accuracy is in
percent.
"""

import argparse
from pathlib import Path

import numpy as np

from newsmoe.datasets.sources import LabelSource
from newsmoe.evaluation.pool import predict_pool
from newsmoe.registry.cards import builtin_folder
from newsmoe.registry.registry import Registry
from newsmoe.training.recipe import ClassifierRecipe, read_recipe

WEIGHTS = (0.0, 0.3, 0.5, 0.7, 1.0)
HEADLINES = LabelSource(
    path="labelled/articles.train.jsonl.gz",
    name="headlines",
    headline="headline",
    label="topic",
    split="dev",
    split_by="source",
)
TEASERS = HEADLINES.model_copy(update={"name": "teasers", "content": "content", "first_sentences": 1})


def main() -> None:
    """Predict, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data: Path = parser.parse_args().data
    recipe = read_recipe(builtin_folder() / "topic-news" / "recipe.toml", ClassifierRecipe)
    names = ("topic-news", "topic-articles")
    pool = predict_pool(names, (HEADLINES, TEASERS, *recipe.dev), data, Registry(plugins=False), lambda *_: None)
    print("texts", *(f"{weight:g}" for weight in WEIGHTS), sep="\t")
    for source in pool:
        tables = (np.tile([1 - weight, weight], (len(source.articles), 1)) for weight in WEIGHTS)
        print(source.title, *(f"{100 * source.predictions.quality(table).mean():.1f}" for table in tables), sep="\t")


if __name__ == "__main__":
    main()
