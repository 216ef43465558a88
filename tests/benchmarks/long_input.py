"""What of an article a sentiment expert should read.

    python -m tests.benchmarks.long_input ARTICLES.json [--expert sentiment-news]

There is no news corpus with a tone for whole articles to be had. But every article comes with a headline, a
single sentence such as the experts have learnt from, which sums the article up. So the expert reads the body
alone, without the headline, under each policy, and is held against what it says of the headline alone: the
share of articles with the same label, the correlation of positive minus negative score, and the tokens that
were read.
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
    asked = parser.parse_args()
    with open_source(asked.articles) as source:
        items = [item for item in source.articles() if isinstance(item, Article)]
    articles = [item for item in items if item.headline and item.content and item.language == "en"]
    headlines = _tones(asked.expert, "head", [replace(one, content="") for one in articles])
    for policy in get_args(LongInput):
        bodies = _tones(asked.expert, policy, [replace(one, headline="") for one in articles])
        same = np.mean([one[0] == other[0] for one, other in zip(headlines, bodies, strict=True)])
        tones = np.array([[one[1], other[1]] for one, other in zip(headlines, bodies, strict=True)])
        correlation = np.corrcoef(tones.T)[0, 1]
        tokens = np.mean([one[2] for one in bodies])
        print(
            f"{policy:10} same label {100 * same:.1f} %, correlation {correlation:.3f},"
            f" {tokens:.0f} tokens an article ({len(articles)} articles)"
        )


def _tones(name: str, policy: str, articles: list[Article]) -> list[tuple[str, float, int]]:
    """Return label, positive minus negative score, and tokens read of each article."""
    expert = Registry(changes={name: {"long_input": policy}}, plugins=False).build(name)
    expert.load(Device())
    found = []
    for one in expert.predict(articles):
        if isinstance(one, Labels) and one.input_stats:
            label = max(one.scores, key=lambda key: one.scores[key])
            found.append((label, one.scores["positive"] - one.scores["negative"], one.input_stats.tokens))
    return found


if __name__ == "__main__":
    main()
