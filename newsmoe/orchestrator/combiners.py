"""Several experts' predictions made one."""

from collections import defaultdict
from collections.abc import Callable, Mapping

from newsmoe.plugins import Plugins
from newsmoe.prediction import Labels, Prediction

Combiner = Callable[[Mapping[str, Prediction], Mapping[str, float]], Prediction]
"""Makes one prediction of those of several experts, given their weights, which sum to 1; both by expert."""

COMBINERS: Plugins[Combiner] = Plugins(
    "newsmoe.combiners",
    "combiner",
    {"mean": "newsmoe.orchestrator.combiners:mean", "best": "newsmoe.orchestrator.combiners:best"},
)


def best(predictions: Mapping[str, Prediction], weights: Mapping[str, float]) -> Prediction:
    """Return the prediction of the expert with the greatest weight, the first of equals."""
    return predictions[max(predictions, key=lambda name: weights[name])]


def mean(predictions: Mapping[str, Prediction], weights: Mapping[str, float]) -> Prediction:
    """Return y = sum of G_i * E_i: averaged distributions, where a label that an expert lacks counts as 0.

    Which labels hold is up to the experts that tell: those with half of their weight. Texts and other fields cannot be
    averaged: the best one is returned.
    """
    leading = best(predictions, weights)
    distributions = {name: each for name, each in predictions.items() if isinstance(each, Labels)}
    if len(distributions) < len(predictions):
        return leading
    scores: dict[str, float] = {}
    for name, prediction in distributions.items():
        for label, score in prediction.scores.items():
            scores[label] = scores.get(label, 0.0) + weights[name] * score
    return Labels(scores, leading.input_stats, _holding(distributions, weights))


def _holding(predictions: Mapping[str, Labels], weights: Mapping[str, float]) -> tuple[str, ...] | None:
    told = {name: each.holding for name, each in predictions.items() if each.holding is not None}
    if not told:
        return None
    support: defaultdict[str, float] = defaultdict(float)
    for name, labels in told.items():
        for label in labels:
            support[label] += weights[name]
    half = sum(weights[name] for name in told) / 2
    return tuple(label for label, weight in support.items() if weight >= half)


def combine(predictions: Mapping[str, Prediction], weights: Mapping[str, float], by: Combiner = mean) -> Prediction:
    """Return one prediction; weights are scaled to sum to 1, and are equal where all are 0."""
    if len(predictions) == 1:
        return next(iter(predictions.values()))
    total = sum(weights[name] for name in predictions)
    equal = 1 / len(predictions)
    return by(predictions, {name: weights[name] / total if total else equal for name in predictions})
