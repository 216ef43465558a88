"""Which part of an article a sentiment expert should read.

    python -m tests.benchmarks.long_input ARTICLES.json [--expert sentiment-news]

No news corpus has tones of whole articles. But every article has a headline, a single sentence like those
that the experts were trained on, which sums the article up. So the expert reads the body without the
headline, under each policy, and is compared with its prediction for the headline alone: the share of
articles with the same label, the correlation of positive minus negative score, and the tokens read.
"""

import argparse
from dataclasses import replace
from typing import get_args

import numpy as np

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from newsmoe.prediction import Labels
from newsmoe.registry.backbone.reading import LongInput
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles")
    parser.add_argument("--expert", default="sentiment-news")
    arguments = parser.parse_args()
    with open_source(arguments.articles) as source:
        items = [item for item in source.articles() if isinstance(item, Article)]
    articles = [item for item in items if item.headline and item.content and item.language == "en"]
    headlines = _tones(arguments.expert, "head", [replace(article, content="") for article in articles])
    for policy in get_args(LongInput):
        bodies = _tones(arguments.expert, policy, [replace(article, headline="") for article in articles])
        pairs = list(zip(headlines, bodies, strict=True))
        same = np.mean([headline[0] == body[0] for headline, body in pairs])
        tones = np.array([[headline[1], body[1]] for headline, body in pairs])
        correlation = np.corrcoef(tones.T)[0, 1]
        tokens = np.mean([body[2] for body in bodies])
        print(
            f"{policy:10} same label {100 * same:.1f} %, correlation {correlation:.3f},"
            f" {tokens:.0f} tokens an article ({len(articles)} articles)"
        )


def _tones(name: str, policy: str, articles: list[Article]) -> list[tuple[str, float, int]]:
    """Return label, positive minus negative score, and tokens read, for each article."""
    expert = Registry(changes={name: {"long_input": policy}}, plugins=False).build(name)
    expert.load(Device())
    rows = []
    for prediction in expert.predict(articles):
        if isinstance(prediction, Labels) and prediction.input_stats:
            scores = prediction.scores
            tone = scores["positive"] - scores["negative"]
            rows.append((max(scores, key=scores.__getitem__), tone, prediction.input_stats.tokens))
    return rows


if __name__ == "__main__":
    main()
