"""How much longer a run takes than the bare forward passes over the same tokens.

    python -m tests.benchmarks.overhead ARTICLES.json [--rounds 3]

Prints, for each round and as medians, the seconds of `newsmoe.analyze` with all three tasks, and of the
backbone's runtime alone over the very windows that the run reads, with the very adapters. Articles are read
and experts are loaded before the clock starts; both sides start with empty caches.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from time import perf_counter

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunStats
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.device import Device
from newsmoe.registry.kinds.embedded import EmbeddedExpert
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with open_source(options.articles) as source:
        articles = [item for item in source.articles() if isinstance(item, Article)]
    ratios = []
    for round_number in range(options.rounds):
        session = Session(Settings())
        figures = RunStats()
        list(session.analyze(articles[:1]))
        started = perf_counter()
        list(session.analyze(articles, figures))
        whole = perf_counter() - started
        bare, tokens = _bare_passes(articles, session.registry, figures.experts)
        ratios.append(whole / bare)
        print(
            f"round {round_number + 1}: newsmoe {whole:.1f} s, ratio {whole / bare:.2f},"
            f" bare passes {bare:.1f} s ({tokens / bare:.0f} tokens/s)"
        )
    print(f"{len(articles)} articles, median ratio {median(ratios):.2f}")


def _bare_passes(articles: list[Article], registry: Registry, names: Iterable[str]) -> tuple[float, int]:
    """Return seconds and tokens of what the named experts have the backbone compute, on those articles."""
    loaded = registry.backbones.backbone(Device())
    fresh = Backbone(loaded.files, loaded.runtime)
    read: defaultdict[str, dict[Window, None]] = defaultdict(dict)
    adapters: dict[str, Adapter | None] = {}
    for name in names:
        expert = registry.build(name)
        if isinstance(expert, EmbeddedExpert):
            expert.load(Device())
            key = expert.adapter.key if expert.adapter else ""
            adapters[key] = expert.adapter
            for article in articles:
                read[key].update(dict.fromkeys(expert.extract(article).windows))
    started = perf_counter()
    for key, windows in read.items():
        fresh.encode(list(windows), adapters[key])
    return perf_counter() - started, sum(len(window) for windows in read.values() for window in windows)


if __name__ == "__main__":
    main()
