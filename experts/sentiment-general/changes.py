"""Write `changes.train.jsonl` and `changes.dev.jsonl`: headlines in which something rises or falls.

    python experts/sentiment-general/changes.py

Whether more of something is good or bad news depends on what it is. Labelled financial headlines teach
that a rise is good; these teach the difference. They are combined from the lists in `changes.toml`, which
were written for newsmoe. Each thing, and each phrase for a change, belongs to train or to dev, so that
dev measures how well training carries over to unseen things.
"""

import json
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from zlib import crc32

SIZES = {"train": 4000, "dev": 500}
SINGULAR = {"s": "s", "es": "es", "is": "is", "has": "has"}
PLURAL = {"s": "", "es": "", "is": "are", "has": "have"}
_HEAD = re.compile(r" (?:of|in|at|on|to|for|among|after|from|per|with) ")

Lists = Mapping[str, Sequence[str]]


def main() -> None:
    """Write both files beside this one."""
    lists = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    generator = random.Random(0)
    for part, size in SIZES.items():
        pairs = [(headline, label) for headline, label, split in headlines(lists) if split == part]
        lines = [
            json.dumps({"headline": headline, "label": label}) + "\n"
            for headline, label in generator.sample(pairs, size)
        ]
        Path(__file__).with_name(f"changes.{part}.jsonl").write_text("".join(lines), encoding="utf-8")


def headlines(lists: Lists) -> Iterator[tuple[str, str, str]]:
    """Yield headline, label, and split."""
    for things, more, fewer in (
        ("better_less", "negative", "positive"),
        ("better_more", "positive", "negative"),
        ("indifferent", "neutral", "neutral"),
    ):
        yield from _filled(lists["up"], lists[things], more)
        yield from _filled(lists["down"], lists[things], fewer)
        if things != "indifferent":
            yield from _filled(lists["raising"], lists[things], more)
            yield from _filled(lists["lowering"], lists[things], fewer)
    for events, label in (("bad", "negative"), ("good", "positive"), ("plain", "neutral")):
        yield from _filled(lists[events], lists["places"], label)


def _filled(forms: Sequence[str], things: Sequence[str], label: str) -> Iterator[tuple[str, str, str]]:
    for form, thing in product(forms, things):
        part = _part_of(thing)
        if part == "dev" or _part_of(form) == "train":
            headline = form.format(thing, **(PLURAL if _is_plural(thing) else SINGULAR))
            yield headline[0].upper() + headline[1:], label, part


def _part_of(text: str) -> str:
    """Return the split of a thing or a phrase: a quarter is dev."""
    return "dev" if crc32(text.encode()) % 4 == 0 else "train"


def _is_plural(thing: str) -> bool:
    head = _HEAD.split(thing)[0]
    return head in ("women", "people") or (head.endswith("s") and not head.endswith(("ss", "sis")))


if __name__ == "__main__":
    main()
