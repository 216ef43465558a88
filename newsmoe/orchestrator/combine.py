"""Several experts' answers made one."""

from collections.abc import Mapping, Sequence

from newsmoe.analysis import Labels, Prediction

__all__ = ["combine"]


def combine(answers: Mapping[str, Prediction], weights: Mapping[str, float]) -> Prediction:
    """Return the answer of the mixture: y = sum of G_i * E_i over the experts that answered.

    Distributions over labels are averaged, a label that an expert does not know counting as 0 there.
    Texts and other fields cannot be averaged: the answer with the greatest weight is taken, the first
    of equals. Weights are scaled to sum to 1 over those that answered; all zero count as equal.
    """
    if len(answers) == 1:
        return next(iter(answers.values()))
    total = sum(weights[name] for name in answers)
    share = {name: weights[name] / total if total else 1 / len(answers) for name in answers}
    best = max(answers, key=lambda name: share[name])
    distributions = {name: answer for name, answer in answers.items() if isinstance(answer, Labels)}
    if len(distributions) < len(answers):
        return answers[best]
    return Labels(
        _mean(list(distributions.values()), [share[name] for name in distributions]), answers[best].use
    )


def _mean(distributions: Sequence[Labels], shares: Sequence[float]) -> dict[str, float]:
    mean: dict[str, float] = {}
    for one, share in zip(distributions, shares, strict=True):
        for label, score in one.scores.items():
            mean[label] = mean.get(label, 0.0) + share * score
    return mean
