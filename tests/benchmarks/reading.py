"""How long a large JSON document takes to be read, compared with loading it, cleaning texts, identifying languages.

    python -m tests.benchmarks.reading [ARTICLES.json] [--megabytes 100] [--rounds 1] [--wrapped]

The articles of the file, an array with `headline` and `content`, or some of random words, are repeated in an array, or
wrapped as by Elasticsearch, `hits.hits[]._source`. Printed are seconds of one processor for `json.load`, for cleaning
and languages of what it returns, and for newsmoe's reader, which checks the document first and holds one article at a
time; and the time of the last as a multiple of the sum of the others.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from newsmoe.text.boilerplate import without_boilerplate
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.text.language import article_language
from tests.benchmarks.throughput import WORDS, processor_seconds, read_through

WORDS_PER_ARTICLE = 350


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles", nargs="?")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--wrapped", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.json"
        articles = json.loads(Path(options.articles).read_text(encoding="utf-8")) if options.articles else _made_up()
        count = _write(path, articles, options.megabytes * 1_000_000, wrapped=options.wrapped)
        print(f"{count} articles, {path.stat().st_size / 1e6:.0f} MB")
        works = (_load, _clean, read_through)  # in turn, so that other load on the machine slows all of them
        rounds = [[processor_seconds(partial(work, path)) for work in works] for _ in range(options.rounds)]
        loading, cleaning, reading = map(min, zip(*rounds, strict=True))
        cleaning -= loading
    print(f"json.load {loading:.2f} s, cleaning and languages {cleaning:.2f} s, reading {reading:.2f} s")
    print(f"reading takes {reading / (loading + cleaning):.2f} times as long")


def _made_up() -> Iterator[dict[str, Any]]:
    chance = random.Random(0)
    while True:
        text = " ".join(chance.choices(WORDS, k=WORDS_PER_ARTICLE)).capitalize() + "."
        yield {"url": "https://example.com/news", "headline": "Storm", "content": text, "date": "2026"}


def _write(path: Path, articles: Iterable[dict[str, Any]], size: int, *, wrapped: bool) -> int:
    with path.open("w", encoding="utf-8") as file:
        file.write('{"took": 3, "hits": {"total": {"value": 1}, "hits": [' if wrapped else "[")
        for count, article in enumerate(cycle(articles)):
            if file.tell() > size:
                break
            source = {**article, "headline": f"{article['headline']} {count}"}
            hit = {"_index": "news", "_id": str(count), "_score": 1.0, "_source": source}
            file.write((", " if count else "") + json.dumps(hit if wrapped else source))
        file.write("]}}" if wrapped else "]")
    return count


def _load(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return json.load(file)


def _clean(path: Path) -> None:
    document = _load(path)
    for element in document["hits"]["hits"] if isinstance(document, dict) else document:
        article = element.get("_source", element)
        headline, (content, _) = clean_line(article["headline"]), clean_text(article["content"])
        without_boilerplate(content)
        article_language(None, content, headline)


if __name__ == "__main__":
    main()
