"""How much longer a run takes than the bare forward passes over the same tokens.

    python -m tests.benchmarks.overhead ARTICLES.json [--rounds 3]

Prints, for each round and as medians, the seconds of `newsmoe.analyze` with all three tasks, and of the
backbone's runtime alone over the very windows that the run reads, in batches of like length. Articles are
read and experts are loaded before the clock starts; both sides start with empty caches.
"""

import argparse
from statistics import median
from time import perf_counter

from newsmoe.article import Article
from newsmoe.config import Settings
from newsmoe.orchestrator.session import Session
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.expert import Device
from newsmoe.storage.readers import open_source


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with open_source(asked.articles) as source:
        articles = [item for item in source.articles() if isinstance(item, Article)]
    device = Device()
    ratios = []
    for round_number in range(asked.rounds):
        whole = _whole_run(articles)
        bare, tokens = _bare_passes(articles, device)
        ratios.append(whole / bare)
        print(  # noqa: T201  # a benchmark's result
            f"round {round_number + 1}: newsmoe {whole:.1f} s, ratio {whole / bare:.2f},"
            f" bare passes {bare:.1f} s ({tokens / bare:.0f} tokens/s)"
        )
    print(f"{len(articles)} articles, median ratio {median(ratios):.2f}")  # noqa: T201  # a benchmark's result


def _whole_run(articles: list[Article]) -> float:
    session = Session(Settings())
    list(session.analyze(articles[:1]))
    started = perf_counter()
    list(session.analyze(articles))
    return perf_counter() - started


def _bare_passes(articles: list[Article], device: Device) -> tuple[float, int]:
    backbone = Session(Settings()).registry.workshop.backbone(device)
    fresh = Backbone(backbone.files, backbone.runtime)
    windows = [window for article in articles for window in fresh.read(article).windows]
    batches = [fresh.padded(batch) for batch in fresh.batches(windows)]
    started = perf_counter()
    for ids, mask in batches:
        fresh.runtime.hidden(ids, mask)
    return perf_counter() - started, sum(map(len, windows))


if __name__ == "__main__":
    main()
