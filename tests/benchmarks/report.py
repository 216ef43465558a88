"""How large a page is, how long it takes to be made, and how quickly a browser shows and filters it.

    python -m tests.benchmarks.report [--articles 300 10000] [--rounds 5]

The articles are made of random words: a headline of 9, a summary of 54, 3 moods and 17 topics with scores. Printed are
the size, the seconds to make the page of records in memory, and, if Chromium and its driver are installed, the time
until the first paint, until the list is ready, and from a change of a filter or a search to the list laid out anew: the
median of some rounds, and the slowest.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from newsmoe.report.page import make_page
from newsmoe.report.rows import row_of
from tests.report.browser import Browser, browser, programs
from tests.report.support import records

FILTER = """
const control = document.querySelector(`[name=${arguments[0]}]`);
control.value = arguments[1];
const start = performance.now();
if (arguments[0] === "q") location.hash = `#q=${arguments[1]}`;
const done = () => { document.getElementById("rows").offsetHeight; return performance.now() - start; };
if (arguments[0] === "q") { dispatchEvent(new Event("hashchange")); return done(); }
control.dispatchEvent(new Event("change", { bubbles: true }));
return done();
"""
CHANGES = (
    ("topic", "sport"),
    ("sentiment", "negative"),
    ("topic", ""),
    ("sort", "headline"),
    ("q", "ba"),
    ("q", "lun"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, nargs="+", default=[300, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for count in options.articles:
        some = records(count)
        start = time.perf_counter()
        page = make_page("made-up.json", [row_of(record) for record in some])
        seconds = time.perf_counter() - start
        size = len(page.encode()) / 1000
        print(
            f"{count:,} articles: {size:,.0f} kB, {1000 * size / count:,.0f} bytes an article, made in {seconds:.1f} s"
        )
        if programs() is None:
            print("  chromium or chromedriver is not installed")
            continue
        with tempfile.TemporaryDirectory() as folder, browser() as window:
            path = Path(folder) / "page.html"
            path.write_text(page, encoding="utf-8")
            print(f"  {_in_the_browser(window, path.as_uri(), options.rounds)}")


def _in_the_browser(window: Browser, page: str, rounds: int) -> str:
    window.resize(1280, 900)
    paints, ready = [], []
    for _ in range(rounds):
        window.open("about:blank")
        window.open(page)
        window.wait("performance.getEntriesByName('first-contentful-paint').length")
        window.wait("document.documentElement.dataset.ready")
        paints.append(window.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        ready.append(window.run("return Number(document.documentElement.dataset.ready)"))
    filters = [window.run(FILTER, name, value) for _ in range(rounds) for name, value in CHANGES]
    figures = {"first paint": paints, "list ready": ready, "filter": filters}
    return ", ".join(f"{name} {median(some):.0f} ms (slowest {max(some):.0f})" for name, some in figures.items())


if __name__ == "__main__":
    main()
