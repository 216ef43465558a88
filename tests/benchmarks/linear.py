"""How the time of every parser grows with its input, on patterns that are slow for some: twice as much, twice as long.

    python -m tests.benchmarks.linear [--only PARSER] [--kilobytes 200]

Prints for each parser the pattern for which twice the input takes the most times as long, in processor time.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time

from newsmoe.errors import NewsmoeError
from newsmoe.ingest.source import open_source
from newsmoe.text.cleaning import clean_text
from newsmoe.text.language import identify_language
from newsmoe.text.sentences import split_sentences

REPEATS = 3
SLOW = 2.6
SHORTEST = 0.02  # seconds; below it a ratio says nothing

PIECES: Mapping[str, tuple[str, ...]] = {
    "json": (
        "[",
        "[[",
        '{"a":',
        '[{"a":[',
        '{"a":1},',
        '[{"content":"x"},',
        '"',
        '\\"',
        '{"content":"\\u0041',
        "1",
        "-",
        "null",
        "\\",
        ",",
        '{"a":{"b":{"c":[1,2,{"d":[',
        '[{"content":"' + "x " * 20,
        "\ufeff",
        " ",
        "\n",
        "]}",
    ),
    "jsonl": (
        "x\n",
        "x",
        '{"a":' * 1200 + "\n",
        '{"a":\n',
        '{"content":"x"}\n',
        "[\n",
        '"\n',
        "\\\n",
        "{}\n",
        "[1]\n",
        "}\n",
        "1 2 3\n",
        '{"a":"\n',
        "nul\n",
        '{"content":"x"} {"content":"x"}\n',
        '{"content":"unterminated\n',
        ",\n",
        "\n",
    ),
    "csv": (
        'a"b,"c\n',
        'a"b,"c',
        '"',
        '""',
        '","',
        '"a\n',
        'a,b\n"',
        '"a"b,',
        ' "a',
        "a,",
        "a\n",
        '"a,b"c"\n',
        "a;b|c\td\n",
        '"""\n',
        'a,"b\nc\n',
    ),
    "tsv": ('a"b\t"c\n', '"', 'a\t"b\n', '"a\tb"\n', "\t", '"\t"', 'a\t"b"c\n', '""\t\n'),
    "html": (
        "</p>",
        "<p>",
        "<",
        "<!--",
        "-->",
        "<a ",
        "<a href=",
        '<a href="',
        "<script>",
        "</script>",
        "<b><i></b></i>",
        "<div><span></div>",
        "&amp;",
        "&",
        "&lt;p&gt;",
        "<![CDATA[",
        "<svg><object></svg>",
        "<x:y>",
        "<p>text</div></span>",
        "<table><tr><td>",
        "<style>a{",
        "<title>",
        "</title>",
        "<p x=1 y=2 z=",
        "<? php",
        "<textarea><p></textarea",
        "<ul><li>",
    ),
    "text": (
        "a",
        "a ",
        "A. ",
        ". ",
        "?!",
        '"',
        "(",
        "Mr. ",
        "Ms. ",
        "p.m. GMT ",
        "e.g. ",
        "\n",
        "\n\n",
        "- ",
        "… ",
        "[1419 chars] ",
        "Read more ",
        "By ",
        "1.",
        "http://",
        "a@b.",
        "\u200b",
        "\u0301",
        "é",
        "的",
        "🙂",
        "\xa0",
        "«",
        "Photo: ",
        "Published: ",
        "A.B.C. ",
        "'s ",
    ),
}

WRAPPED: Mapping[str, tuple[str, str]] = {"csv": ("headline,content\n", ""), "tsv": ("headline\tcontent\n", "")}


def of_file(suffix: str) -> Callable[[str], object]:
    """Return what reads a file of a format to its end."""

    def read(text: str) -> None:
        start, end = WRAPPED.get(suffix, ("", ""))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a.{suffix}"
            path.write_text(start + text + end, encoding="utf-8")
            try:
                with open_source(str(path)) as source:
                    for _ in source.articles():
                        pass
            except NewsmoeError:
                pass

    return read


PARSERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    **{format: (format, of_file(format)) for format in ("json", "jsonl", "csv", "tsv", "html")},
    "cleaning markup": ("html", clean_text),
    "cleaning text": ("text", clean_text),
    "sentences": ("text", lambda text: split_sentences(text, "en")),
    "language": ("text", lambda text: identify_language(text)),
}


def seconds(parse: Callable[[str], object], text: str) -> float:
    """Return the least processor time of some tries."""
    times = []
    for _ in range(REPEATS):
        start = process_time()
        parse(text)
        times.append(process_time() - start)
        if times[-1] > 1:
            break
    return min(times)


def growth(parse: Callable[[str], object], piece: str, size: int) -> tuple[float, float]:
    """Return how many times as long twice the input takes, and the seconds that it takes."""
    once, twice = (seconds(parse, piece * (length // len(piece) + 1)) for length in (size, 2 * size))
    return twice / max(once, SHORTEST), twice


def main() -> None:
    """Print the slowest pattern of each parser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARSERS)
    parser.add_argument("--kilobytes", type=int, default=200)
    options = parser.parse_args()
    for name, (pieces, parse) in PARSERS.items():
        if options.only in (None, name):
            rows = [(*growth(parse, piece, 1000 * options.kilobytes), piece) for piece in PIECES[pieces]]
            for ratio, taken, piece in sorted(rows, reverse=True)[: 8 if options.only else 1]:
                mark = "  NOT LINEAR" if ratio > SLOW else ""
                print(f"{name:16} x{ratio:.2f} {taken:8.2f} s  {piece[:40]!r}{mark}", flush=True)


if __name__ == "__main__":
    main()
