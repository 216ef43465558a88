"""How well topics of headlines and teasers are told, by the weight of the expert of whole articles.

    python -m tests.benchmarks.short_topics DATA

Labelled articles of DATA, of outlets that were not trained on, are cut to their headlines, and to headline and first
sentence; the topic is that of the whole article. The other sources are the dev data of `topic-news`. Accuracy is in
percent. Then F1 of all topics that hold, for whole articles too, with those that an editor would accept.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from newsmoe.datasets.sources import LabelledArticle, LabelSource
from newsmoe.evaluation.pool import predict_pool
from newsmoe.orchestrator.combiners import combine
from newsmoe.prediction import Labels
from newsmoe.registry.cards import builtin_folder
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert
from newsmoe.registry.registry import Registry
from newsmoe.training.recipe import ClassifierRecipe, read_recipe

WEIGHTS = (0.0, 0.3, 0.5, 0.7, 1.0)
HEADLINES = LabelSource(
    path="labelled/articles.train.jsonl.gz",
    name="headlines",
    headline="headline",
    label="topic",
    others="topics",
    split="dev",
    split_by="source",
)
ARTICLES = HEADLINES.model_copy(update={"name": "whole articles", "content": "content"})
TEASERS = ARTICLES.model_copy(update={"name": "teasers", "first_sentences": 1})


def main() -> None:
    """Predict, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data: Path = parser.parse_args().data
    recipe = read_recipe(builtin_folder() / "topic-news" / "recipe.toml", ClassifierRecipe)
    names = ("topic-news", "topic-articles")
    registry = Registry(plugins=False)
    pool = predict_pool(names, (HEADLINES, TEASERS, *recipe.dev), data, registry, lambda *_: None)
    print("texts", *(f"{weight:g}" for weight in WEIGHTS), sep="\t")
    for source in pool:
        tables = (np.tile([1 - weight, weight], (len(source.articles), 1)) for weight in WEIGHTS)
        print(source.title, *(f"{100 * source.predictions.quality(table).mean():.1f}" for table in tables), sep="\t")
    experts = [registry.build(name) for name in names]
    for expert in experts:
        expert.load(Device().resolve())
    print("all topics", *(f"{weight:g}" for weight in WEIGHTS), sep="\t")
    for labelled in (HEADLINES, TEASERS, ARTICLES):
        examples = [each for each in labelled.examples(data) if each.article.headline or each.article.content]
        figures = _f1(examples, experts)
        print(labelled.title, *(f"{100 * figure:.1f}" for figure in figures), sep="\t")


def _f1(examples: Sequence[LabelledArticle], experts: Sequence[Expert]) -> list[float]:
    """Return the mean F1 of an article's topics for each weight."""
    totals = [0.0] * len(WEIGHTS)
    for example in examples:
        accepted = {*example.accepted, *example.others}
        news, articles = (expert.predict([example.article])[0] for expert in experts)
        for place, weight in enumerate(WEIGHTS):
            combined = combine({"news": news, "articles": articles}, {"news": 1 - weight, "articles": weight})
            assert isinstance(combined, Labels)
            predicted = {max(combined.scores, key=combined.scores.__getitem__), *(combined.holding or ())}
            totals[place] += 2 * len(predicted & accepted) / (len(predicted) + len(accepted))
    return [total / len(examples) for total in totals]


if __name__ == "__main__":
    main()
