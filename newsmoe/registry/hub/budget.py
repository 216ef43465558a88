"""How much a model computes at a time, learnt from the memory that there is."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from newsmoe.registry.batching import cut_batches
from newsmoe.registry.memory import is_out_of_memory

T = TypeVar("T")


class Budget:
    """Cuts work into batches; one that does not fit into memory is halved, and its size remembered."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    def run(self, lengths: Sequence[int], forward: Callable[[list[int]], Sequence[T]]) -> list[T]:
        """Return what `forward` answers for each item."""
        predictions: dict[int, T] = {}
        waiting = list(range(len(lengths)))
        while waiting:
            first = next(cut_batches([lengths[index] for index in waiting], self.tokens))
            batch = [waiting[place] for place in first]
            try:
                predictions.update(zip(batch, forward(batch), strict=True))
            except (RuntimeError, MemoryError) as error:
                if len(batch) == 1 or not is_out_of_memory(error):
                    raise
                self.tokens = max(1, max(lengths[index] for index in batch) * len(batch) // 2)
            else:
                done = set(batch)
                waiting = [index for index in waiting if index not in done]
        return [predictions[index] for index in range(len(lengths))]
