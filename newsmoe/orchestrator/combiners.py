"""Several experts' answers made one."""

from collections.abc import Mapping, Sequence

from newsmoe.prediction import Labels, Prediction


def combine(predictions: Mapping[str, Prediction], weights: Mapping[str, float]) -> Prediction:
    """Return the answer of the mixture: y = sum of G_i * E_i over the experts that answered.

    Distributions over labels are averaged, a label that an expert does not know counting as 0 there.
    Texts and other fields cannot be averaged: the answer with the greatest weight is taken, the first
    of equals. Weights are scaled to sum to 1 over those that answered; all zero count as equal.
    """
    if len(predictions) == 1:
        return next(iter(predictions.values()))
    total = sum(weights[name] for name in predictions)
    share = {name: weights[name] / total if total else 1 / len(predictions) for name in predictions}
    best = max(predictions, key=lambda name: share[name])
    distributions = {
        name: prediction for name, prediction in predictions.items() if isinstance(prediction, Labels)
    }
    if len(distributions) < len(predictions):
        return predictions[best]
    return Labels(
        _mean(list(distributions.values()), [share[name] for name in distributions]),
        predictions[best].input_stats,
    )


def _mean(distributions: Sequence[Labels], probabilities: Sequence[float]) -> dict[str, float]:
    mean: dict[str, float] = {}
    for one, share in zip(distributions, probabilities, strict=True):
        for label, score in one.scores.items():
            mean[label] = mean.get(label, 0.0) + share * score
    return mean
