"""Batches of like length, cut by what they cost."""

from collections.abc import Iterator, Sequence

__all__ = ["cut_batches"]


def cut_batches(
    lengths: Sequence[int], most_tokens: int, most_items: int | None = None
) -> Iterator[list[int]]:
    """Yield index lists that cover `lengths`, longest first, so that little is padded.

    A batch costs its longest item times its size. Longest first, too little memory shows at the start
    of a run. An item that is over the budget alone has a batch of its own.

    Args:
        lengths: tokens of each item.
        most_tokens: the budget of a batch, padding included.
        most_items: most items in a batch.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batch: list[int] = []
    for index in order:
        full = batch and (
            max(lengths[batch[0]], 1) * (len(batch) + 1) > most_tokens or len(batch) == most_items
        )
        if full:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
