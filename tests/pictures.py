"""The pictures of the README: the page of the sample in `data`, and what the terminal says of it.

python -m tests.pictures FOLDER
"""

import html
import os
import sys
import tempfile
from pathlib import Path

from newsmoe.cli import console
from tests.cli.support import newsmoe
from tests.report.browser import Browser, browser
from tests.support import SAMPLE

WIDTH, HEIGHT = 1280, 1180  # pixels of the page
COLUMNS = 92  # of the terminal
COMMANDS = (
    ("stats", "analyzed_news_data.json"),
    (
        "show",
        "analyzed_news_data.json",
        "--topic",
        "sport",
        "--sentiment",
        "negative",
        "--sort",
        "score",
        "--limit",
        "2",
    ),
)
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #1f1c18; color: #ece7dc; }
pre { margin: 0; padding: 24px 28px; font: 14px/1.45 "DejaVu Sans Mono", monospace; display: inline-block; }
b { color: #63b3dd; }
</style><pre>"""


def main() -> None:
    """Make the pictures."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    console.WIDTH_OF_A_FILE = COLUMNS
    with tempfile.TemporaryDirectory() as work, browser() as window:
        os.chdir(work)
        newsmoe("analyze", SAMPLE, "-o", "analyzed_news_data.json", "--page", "news.html", "--no-journal", "--quiet")
        window.resize(WIDTH, HEIGHT)
        for dark in (False, True):
            window.dark(dark)
            window.open(Path("news.html").absolute().as_uri())
            window.wait("document.documentElement.dataset.ready")
            window.screenshot(folder / f"page-{'dark' if dark else 'light'}.png")
        _draw_terminal(window, folder / "terminal.png")


def _draw_terminal(window: Browser, path: Path) -> None:
    parts = [f"<b>$ newsmoe {' '.join(command)}</b>\n{html.escape(newsmoe(*command).stdout)}" for command in COMMANDS]
    Path("terminal.html").write_text(TERMINAL + "\n".join(parts), encoding="utf-8")
    window.open(Path("terminal.html").absolute().as_uri())
    size = window.run(
        "const box = document.querySelector('pre').getBoundingClientRect(); return [box.width, box.height]"
    )
    window.resize(*(round(pixels) for pixels in size))
    window.screenshot(path)


if __name__ == "__main__":
    main()
