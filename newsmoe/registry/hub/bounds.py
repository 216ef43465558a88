"""Limits on what a model's files may ask for, checked before anything is built of them."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

from newsmoe.errors import ModelError

COUNTS = re.compile(r"(?:^|_)(?:n_?)?(?:layers?|blocks?|heads?|experts?|groups?|stages?)$|^num_|^n_(?:layer|head)")
MAX_COUNT = 1_000  # of layers, heads and the like; the largest models have some hundred
MAX_SIZE = 100_000_000  # of anything else, such as a vocabulary
MAX_CONFIG = 10_000_000  # bytes
NO_COUNTS = ("num_labels", "num_embeddings", "num_channels", "num_buckets", "num_positions")
"""Names of sizes that begin as those of counts of layers do."""
MAYBE_UNLIMITED = frozenset(
    {"max_length", "model_max_length", "max_position_embeddings", "n_positions", "n_ctx", "seed"}
)
"""Names under which tokenizers and configs write 10^30 where there is no limit."""


def check_config(path: Path) -> None:
    """See that a model's `config.json` asks for nothing that would take hours or all memory to build.

    Raises:
        ModelError: names the entry.
    """
    try:
        if path.stat().st_size > MAX_CONFIG:
            raise ModelError(f"{path}: is larger than any config")
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None
    for name, value in _numbers(config):
        is_count = COUNTS.search(name) and not name.startswith(NO_COUNTS)
        limit = MAX_COUNT if is_count else MAX_SIZE
        if value > limit and name not in MAYBE_UNLIMITED:
            raise ModelError(f"{path}: {name} is {value}, and no model has more than {limit}")


def _numbers(config: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers in a config with their names; those in a list have the list's."""
    if isinstance(config, dict):
        for key, value in config.items():
            yield from _numbers(value, str(key))
    elif isinstance(config, list):
        for value in config:
            yield from _numbers(value, name)
    elif isinstance(config, int | float):
        yield name, config


@contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
    """End the Python code that runs in the block after some seconds, as a signal cannot in a thread.

    Raises:
        ModelError: names `what` took so long.
    """
    end, before = monotonic() + seconds, sys.gettrace()

    def check(frame: FrameType, event: str, argument: object) -> Any:
        if monotonic() > end:
            raise ModelError(f"{what} takes longer than {seconds:g} seconds")
        return check

    sys.settrace(check)
    try:
        yield
    finally:
        sys.settrace(before)
