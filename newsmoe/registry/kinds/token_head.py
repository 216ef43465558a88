"""A head that tags tokens, in numpy; `newsmoe.training.token_head` trains the same in torch."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.text.shapes import SHAPES

INNER = 192
"""Channels of a token inside the head."""

REACH = 3
"""Tokens that a convolution reads: one to each side."""

CONVOLUTIONS = 2

OUTSIDE = "O"
FORBIDDEN = -1e4


def token_head_shapes(tags: int, width: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the head's tensors by name."""
    convolutions = {
        f"convolutions.{number}.{name}": shape
        for number in range(CONVOLUTIONS)
        for name, shape in (("weight", (INNER, INNER, REACH)), ("bias", (INNER,)))
    }
    return {
        "states.weight": (INNER, width),
        "states.bias": (INNER,),
        "shapes.weight": (SHAPES, INNER),
        **convolutions,
        "tags.weight": (tags, INNER),
        "tags.bias": (tags,),
    }


class TokenHead:
    """Scores the tags of the tokens of a window, by their states and the ways that they are written."""

    def __init__(self, tensors: Mapping[str, Vectors]) -> None:
        self.tensors = dict(tensors)
        for number in range(CONVOLUTIONS):  # to multiply with three tokens side by side
            name = f"convolutions.{number}.weight"
            self.tensors[name] = np.ascontiguousarray(tensors[name].transpose(2, 1, 0).reshape(REACH * INNER, INNER))

    def __call__(self, states: Vectors, shapes: NDArray[np.int64]) -> Vectors:
        """Return logits of shape (tokens, tags) for states of shape (tokens, width)."""
        inner = states @ self.tensors["states.weight"].T + self.tensors["states.bias"]
        inner = np.maximum(inner + self.tensors["shapes.weight"][shapes], 0.0)
        for number in range(CONVOLUTIONS):
            framed = np.pad(inner, ((REACH // 2, REACH // 2), (0, 0)))
            beside = np.concatenate([framed[shift : shift + len(inner)] for shift in range(REACH)], axis=1)
            convolved = beside @ self.tensors[f"convolutions.{number}.weight"]
            inner = inner + np.maximum(convolved + self.tensors[f"convolutions.{number}.bias"], 0.0)
        logits: Vectors = inner @ self.tensors["tags.weight"].T + self.tensors["tags.bias"]
        return logits


def tags_of(types: Sequence[str]) -> list[str]:
    """Return the tags for types of entity: outside of any, and at the beginning of one of the type or inside."""
    return [OUTSIDE, *(f"{place}-{type}" for type in types for place in "BI")]


def best_path(logits: Vectors) -> NDArray[np.int64]:
    """Return the tag of each word, the best in all of which none is inside of what has not begun (Viterbi).

    Logits are of shape (words, tags), tags in the order of `tags_of`.
    """
    best: NDArray[np.int64] = logits.argmax(axis=1)
    before = np.concatenate([[0], best[:-1]])
    is_inside = (best > 0) & (best % 2 == 0)
    if not (is_inside & (before != best) & (before != best - 1)).any():
        return best  # nothing to forbid: nine in ten sentences
    forbidden = _forbidden(logits.shape[1])
    scores = logits[0] + forbidden[0]
    previous = np.empty(logits.shape, dtype=np.int64)
    for number in range(1, len(logits)):
        totals = scores[:, None] + forbidden
        previous[number] = totals.argmax(axis=0)
        scores = totals.max(axis=0) + logits[number]
    best[-1] = scores.argmax()
    for number in range(len(logits) - 1, 0, -1):
        best[number - 1] = previous[number, best[number]]
    return best


def _forbidden(tags: int) -> Vectors:
    """Return what is added to the score of a tag (column) after another one (row)."""
    changes = np.zeros((tags, tags), dtype=np.float32)
    for inside in range(2, tags, 2):
        changes[:, inside] = FORBIDDEN
        changes[[inside - 1, inside], inside] = 0.0
    return changes


def spans_of(tags: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return start, end and number of type of each entity, from the tags of words."""
    spans: list[tuple[int, int, int]] = []
    for place, tag in enumerate(tags):
        if tag % 2:
            spans.append((place, place + 1, tag // 2))
        elif tag and spans:
            start, _, type = spans.pop()
            spans.append((start, place + 1, type))
    return spans
