"""Batches of like length, cut by what they cost."""

from collections.abc import Iterator, Sequence


def cut_batches(lengths: Sequence[int], max_tokens: int, max_items: int | None = None) -> Iterator[list[int]]:
    """Yield index lists that cover `lengths`, longest first, so that little is padded.

    A batch costs its longest item times its size. Longest first, too little memory shows at the start
    of a run. An item that is over the budget alone has a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batch: list[int] = []
    for index in order:
        full = batch and (
            max(lengths[batch[0]], 1) * (len(batch) + 1) > max_tokens or len(batch) == max_items
        )
        if full:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
