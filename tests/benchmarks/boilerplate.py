"""How well lines and sentences that are no part of an article are recognized.

    python -m tests.benchmarks.boilerplate ARTICLES.jsonl.gz [--sentences 20] [--show]

Each line of the file has a `content`, its `sentences` in order, and `junk`, the indexes of those that are no part of
the article. A sentence counts as left out if half of it is. Only the first sentences of each article are compared:
readers who label long articles stop to mark boilerplate after some twenty. Sentences with a part of the article and a
credit in them are not boilerplate.
"""

import argparse
import re
from collections import Counter
from pathlib import Path
from time import perf_counter

from newsmoe.ingest.source import read_elements
from newsmoe.text.boilerplate import boilerplate_spans


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("articles", type=Path)
    parser.add_argument("--sentences", type=int, default=20)
    parser.add_argument("--show", action="store_true", help="print sentences that are left out and not labelled")
    arguments = parser.parse_args()
    counts: Counter[tuple[bool, bool]] = Counter()
    seconds, articles = 0.0, 0
    for element in read_elements(str(arguments.articles), arguments.articles):
        if not element.get("sentences"):
            continue
        content, junk, position = element["content"], set(element.get("junk") or ()), 0
        start = perf_counter()
        spans = boilerplate_spans(content)
        seconds, articles = seconds + perf_counter() - start, articles + 1
        for number, sentence in enumerate(element["sentences"][: arguments.sentences]):
            match = re.compile(r"\s+".join(map(re.escape, sentence.split()))).search(content, position)
            if match is None:
                continue
            position = match.end()
            covered = sum(max(0, min(end, match.end()) - max(begin, match.start())) for begin, end in spans)
            left_out = covered >= 0.5 * len(match[0])
            counts[left_out, number in junk] += 1
            if arguments.show and left_out and number not in junk:
                print("  ", match[0])
    right, wrong, missed = counts[True, True], counts[True, False], counts[False, True]
    print(f"{articles} articles, {sum(counts.values())} sentences, {right + missed} of them boilerplate")
    print(f"left out {right + wrong}: precision {right / max(1, right + wrong):.3f}", end=", ")
    print(f"recall {right / max(1, right + missed):.3f}")
    print(f"{articles / seconds:,.0f} articles a second")


if __name__ == "__main__":
    main()
