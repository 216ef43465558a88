"""Sentences of an article scored against each other: the small network on top of the backbone, in numpy.

After BertSumExt (Liu and Lapata 2019): the vectors of an article's sentences, in their context, with their
places and lengths, go through one transformer layer in which sentences attend to each other (pre-norm, ReLU),
and each gets the logits of belonging to a summary, and of being no part of the article. `newsmoe.training.ranker` has
the same in torch, and a test holds the two together.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.kinds.scores import Probabilities, softmax

INNER = 192
HEADS = 4
PLACES = 32
"""Sentences with a place of their own; those further down share the last."""
EPSILON = 1e-5
NO_JUNK = -6.0
"""Logit of a ranker that has not learned what is no part of an article."""


def ranker_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the ranker's tensors by name, for sentence vectors of `width`."""
    linear = {
        "sentence": (INNER, width),
        "whole": (INNER, width),
        "length": (INNER, 1),
        "attend": (3 * INNER, INNER),
        "mix": (INNER, INNER),
        "expand": (2 * INNER, INNER),
        "contract": (INNER, 2 * INNER),
        "score": (1, INNER),
        "junk": (1, INNER),
    }
    norms = {f"norm{number}.{part}": (INNER,) for number in (1, 2, 3) for part in ("weight", "bias")}
    return {
        "place.weight": (PLACES, INNER),
        **norms,
        **{f"{name}.weight": shape for name, shape in linear.items()},
        **{f"{name}.bias": shape[:1] for name, shape in linear.items()},
    }


class Scores(NamedTuple):
    """Probabilities of an article's sentences, each of shape (sentences,).

    Attributes:
        summary: that it belongs to the summary.
        junk: that it is no part of the article.
    """

    summary: Probabilities
    junk: Probabilities


class Ranker:
    """Scores the sentences of one article."""

    def __init__(self, tensors: Mapping[str, Vectors]) -> None:
        self.tensors = tensors

    def __call__(
        self, sentences: Vectors, whole: Vectors, places: NDArray[np.integer], tokens: NDArray[np.integer]
    ) -> Scores:
        """Return the scores of each sentence."""
        states = (
            self._linear("sentence", sentences)
            + self._linear("whole", whole)
            + self._linear("length", np.log1p(tokens)[:, None].astype(np.float32))
            + self.tensors["place.weight"][np.minimum(places, PLACES - 1)]
        )
        attended = self._attended(self._linear("attend", self._norm("norm1", states)))
        states = states + self._linear("mix", attended)
        inner = np.maximum(self._linear("expand", self._norm("norm2", states)), 0.0)
        states = states + self._linear("contract", inner)
        states = self._norm("norm3", states)
        return Scores(*(_sigmoid(self._linear(name, states)[:, 0]) for name in ("score", "junk")))

    def _linear(self, name: str, inputs: Vectors) -> Vectors:
        return inputs @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]

    def _norm(self, name: str, states: Vectors) -> Vectors:
        centred = states - states.mean(axis=-1, keepdims=True)
        scaled: Vectors = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def _attended(self, projected: Vectors) -> Vectors:
        """Return what each sentence attends to; queries, keys and values come in side by side."""
        count = len(projected)
        query, key, value = projected.reshape(count, 3, HEADS, -1).transpose(1, 2, 0, 3)
        weights: Any = softmax(query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1]))
        attended: Vectors = (weights @ value).transpose(1, 0, 2).reshape(count, -1)
        return attended


def _sigmoid(logits: Vectors) -> Probabilities:
    return np.asarray(1.0 / (1.0 + np.exp(-logits.astype(np.float64))))
