"""Batches of like length, each within a budget of padded tokens."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import TypeVar

from newsmoe.registry.device import Device
from newsmoe.registry.memory import is_out_of_memory

Item = TypeVar("Item")
T = TypeVar("T")


_report: ContextVar[Callable[[float], None]] = ContextVar("report", default=lambda fraction: None)


@contextmanager
def reporting_progress(report: Callable[[float], None]) -> Iterator[None]:
    """Tell `report` which fraction is done, after each batch of each `Batcher` that runs in the block."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def default_batch_tokens(device: Device) -> int:
    """Return the tokens in one forward pass of torch; a GPU starts with more, and learns what fits."""
    return 4096 if device.name == "cpu" else 32768


def cut_batches(lengths: Sequence[int], max_tokens: float = inf, max_items: int | None = None) -> Iterator[list[int]]:
    """Yield index lists that cover `lengths`, longest first, so that little is padded.

    A batch costs its longest item times its size. Longest first, too little memory shows at the start
    of a run. An item that is over the budget alone has a batch of its own.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        tokens = max(lengths[batch[0]], 1) * (len(batch) + 1) if batch else 0
        if tokens > max_tokens or (batch and len(batch) == max_items):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


class Batcher:
    """Computes batches; one that does not fit into memory is halved, and so is the budget from then on.

    Args:
        max_tokens: padded tokens in one forward pass, exceeded by a single item only.
        workers: forward passes that run at a time.
    """

    def __init__(self, max_tokens: int, workers: int = 1) -> None:
        self.max_tokens = max_tokens
        self.workers = workers

    def run(
        self, items: Sequence[Item], lengths: Sequence[int], forward: Callable[[list[Item]], Sequence[T]]
    ) -> list[T]:
        """Return the result of `forward` for each item, in order; it takes a batch of items."""

        def compute(batch: list[int]) -> dict[int, T]:
            """Compute a batch, in parts where it is over the budget, which may have shrunk meanwhile."""
            tokens = max(1, *(lengths[index] for index in batch)) * len(batch)
            if len(batch) == 1 or tokens <= self.max_tokens:
                try:
                    return dict(zip(batch, forward([items[index] for index in batch]), strict=True))
                except Exception as error:
                    if len(batch) == 1 or not is_out_of_memory(error):
                        raise
                    self.max_tokens = max(1, tokens // 2)
            results: dict[int, T] = {}
            for part in cut_batches([lengths[index] for index in batch], self.max_tokens):
                results |= compute([batch[place] for place in part])
            return results

        results: dict[int, T] = {}
        batches = list(cut_batches(lengths, self.max_tokens))
        report = _report.get()
        if self.workers == 1 or len(batches) == 1:
            for batch in batches:
                results |= compute(batch)
                report(len(results) / len(items))
        else:
            workers = ThreadPoolExecutor(self.workers)
            try:
                for computed in workers.map(compute, batches):
                    results |= computed
                    report(len(results) / len(items))
            finally:
                workers.shutdown(cancel_futures=True)
        return [results[index] for index in range(len(items))]
