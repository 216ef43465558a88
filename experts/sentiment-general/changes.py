"""Write `changes.train.jsonl` and `changes.dev.jsonl`: headlines in which something rises or falls.

    python experts/sentiment-general/changes.py

That more of something is good news or bad depends on what it is. Financial headlines, of which there are
many with labels, teach that a rise is good; these teach the difference. They are made of the lists in
`changes.toml`, which were written for newsmoe. Things, and ways to say that they change, are for training or
for dev, so that dev measures what carries over to things that were never seen.
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
    chance = random.Random(0)
    for part, size in SIZES.items():
        found = [(headline, label) for headline, label, of in headlines(lists) if of == part]
        lines = [
            json.dumps({"headline": headline, "label": label}) + "\n"
            for headline, label in chance.sample(found, size)
        ]
        Path(__file__).with_name(f"changes.{part}.jsonl").write_text("".join(lines), encoding="utf-8")


def headlines(lists: Lists) -> Iterator[tuple[str, str, str]]:
    """Yield headline, label, and the part that it belongs to."""
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
    """Tell which part a thing, or a way to say something, is for: one of four is for dev."""
    return "dev" if crc32(text.encode()) % 4 == 0 else "train"


def _is_plural(thing: str) -> bool:
    head = _HEAD.split(thing)[0]
    return head in ("women", "people") or (head.endswith("s") and not head.endswith(("ss", "sis")))


if __name__ == "__main__":
    main()
