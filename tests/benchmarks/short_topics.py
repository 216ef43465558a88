"""How well topics of headlines and teasers are told, by the weight of the expert of whole articles.

    python -m tests.benchmarks.short_topics DATA

Labelled articles of DATA are cut to their headlines, and to headline and first sentence that is part of the article;
the topic is that of the whole article. The other sources are the dev data of `topic-news`. Accuracy is in percent.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from newsmoe.datasets.sources import LabelSource, elements_of
from newsmoe.evaluation.pool import predict_pool
from newsmoe.registry.cards import builtin_folder
from newsmoe.registry.registry import Registry
from newsmoe.training.recipe import ClassifierRecipe, read_recipe

WEIGHTS = (0.0, 0.3, 0.5, 0.7, 1.0)
MIN_WORDS, MAX_WORDS = 5, 40  # of a headline, and of a first sentence


def main() -> None:
    """Predict, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data: Path = parser.parse_args().data
    recipe = read_recipe(builtin_folder() / "topic-news" / "recipe.toml", ClassifierRecipe)
    articles = list(_short(data / "labelled" / "articles.dev.jsonl.gz"))
    with TemporaryDirectory() as folder:
        sources = [*recipe.dev]
        for name, texts in (
            ("headlines", [{**each, "content": ""} for each in articles]),
            ("teasers", [each for each in articles if each["content"]]),
        ):
            path = Path(folder) / f"{name}.jsonl"
            path.write_text("".join(json.dumps(each) + "\n" for each in texts), encoding="utf-8")
            sources.append(LabelSource(path=str(path), name=name, headline="headline", content="content"))
        names = ("topic-news", "topic-articles")
        pool = predict_pool(names, sources, data, Registry(plugins=False), lambda *_: None)
    print("texts", *(f"{weight:g}" for weight in WEIGHTS), sep="\t")
    for source in pool:
        tables = (np.tile([1 - weight, weight], (len(source.articles), 1)) for weight in WEIGHTS)
        print(source.title, *(f"{100 * source.predictions.quality(table).mean():.1f}" for table in tables), sep="\t")


def _short(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield headline, first sentence if it is short, and topic."""
    for _, element in elements_of(path):
        if len(element["headline"].split()) < MIN_WORDS:
            continue
        junk = set(element.get("junk") or ())
        sentences = enumerate(element.get("sentences") or ())
        first = next((sentence for number, sentence in sentences if number not in junk), "")
        content = first if len(first.split()) < MAX_WORDS else ""
        yield {"headline": element["headline"], "content": content, "label": element["topic"]}


if __name__ == "__main__":
    main()
