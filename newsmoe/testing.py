"""For authors of experts: small fakes, and the check that every expert must pass.

Nothing here needs a test framework; `newsmoe experts check` uses it too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsmoe.article import Article
from newsmoe.errors import NewsmoeError, PredictionError
from newsmoe.plugins import place_of
from newsmoe.prediction import Fields, Labels, Prediction, checked_list, checked_prediction, count_problem, scores_of
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert, lengths_of

__all__ = ["ARTICLES", "FakeExpert", "Finding", "check_expert"]

TOLERANCE = 1e-4
"""Largest difference between scores of one article in different batches."""

CONSTANT = 1e-6
"""Largest difference between scores of different texts that are the same."""

ARTICLES = (
    Article(
        id="short",
        headline="Rowers take gold after a storm-hit final",
        content="The crew won by a length. The coach called it the best race of her life.",
        topics=("Sport",),
        language="en",
    ),
    Article(
        id="long",
        headline="Council approves new tram line",
        content=" ".join(
            f"On day {day} of the hearing, witness {day} told the council that the tram would help the town."
            for day in range(1, 61)
        ),
        topics=("Politics",),
        language="en",
    ),
    Article(id="headline-only", headline="Bakery chain closes forty shops as losses grow", language="en"),
)
"""A short article, one longer than a model's window, and one without content."""


class FakeExpert:
    """An expert without a model, for tests of what is around it.

    Args:
        name: its name.
        task: what it predicts.
        predict_one: makes the prediction for one article; what it raises is raised.
        languages: codes that it reads; empty: any.
        needs_content: whether a headline alone is too little for it.
    """

    def __init__(
        self,
        name: str = "fake",
        task: str = "fake",
        predict_one: Callable[[Article], Prediction] | None = None,
        *,
        languages: tuple[str, ...] = (),
        needs_content: bool = False,
    ) -> None:
        self.name = name
        self.task = task
        self.languages = languages
        self.needs_content = needs_content
        self.predict_one = predict_one or (lambda article: Fields({"characters": len(article.content)}))
        self.device: Device | None = None
        self.batches: list[list[str | int]] = []

    def load(self, device: Device) -> None:
        """Record the device."""
        self.device = device

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return predictions, and record the articles' ids in `batches`."""
        self.batches.append([article.id for article in articles])
        return [self.predict_one(article) for article in articles]


@dataclass(frozen=True)
class Finding:
    """One point of the check: the requirement, and what is wrong, if anything is."""

    requirement: str
    problem: str | None = None


def check_expert(
    expert: Expert, device: Device | None = None, articles: Sequence[Article] = ARTICLES
) -> Iterator[Finding]:
    """Try an expert on `articles` and yield a finding for each point; stops where no more can be tried.

    Args:
        expert: not loaded yet.
        device: where to load it; default: the CPU.
        articles: of different lengths; those that the expert does not claim to read are left out.
    """
    readable = _readable(expert, articles)
    together: list[Prediction] = []
    steps: list[tuple[str, Callable[[], str | None]]] = [
        ("has a name and a task", lambda: None if expert.name and expert.task else "name or task is empty"),
        ("loads", lambda: expert.load(device or Device())),
        ("states lengths", lambda: _lengths_problem(expert, readable)),
        ("predicts a batch", lambda: _collect(together, expert.predict(readable))),
        ("returns one prediction an article", lambda: count_problem(together, readable)),
        ("returns valid predictions", lambda: _first_problem(together, readable)),
        ("returns the same predictions one at a time", lambda: _batch_problem(expert, readable, together)),
        ("returns nothing for an empty batch", lambda: "it did not" if expert.predict([]) else None),
    ]
    for requirement, step in steps:
        try:
            problem = step()
        except NewsmoeError as error:
            problem = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the point of a check is to see what it raises
            problem = f"{type(error).__name__}: {error}{place_of(error)}"
        yield Finding(requirement, problem)
        if problem:
            return


def readable_predictions(expert: Expert, articles: Sequence[Article] = ARTICLES) -> list[Prediction]:
    """Return the predictions of a loaded expert for those of `articles` that it claims to read."""
    return list(map(checked_prediction, expert.predict(_readable(expert, articles))))


def constant_problem(predictions: Sequence[Prediction]) -> str | None:
    """Return which labels and scores all texts have, where all have the same; else, or without labels, None."""
    scores, *others = map(scores_of, predictions)
    if not (scores and others and all(_is_close(scores, other, CONSTANT) for other in others)):
        return None
    return f"{len(predictions)} quite different texts have the same labels and scores: {dict(scores)}"


def _readable(expert: Expert, articles: Sequence[Article]) -> list[Article]:
    languages = tuple(getattr(expert, "languages", ()))
    return [
        article
        for article in articles
        if (article.content or not getattr(expert, "needs_content", False))
        and (not languages or article.language in languages)
    ] or list(articles)


def _collect(target: list[Prediction], predictions: list[Prediction]) -> None:
    target.extend(checked_list(predictions))


def _lengths_problem(expert: Expert, articles: Sequence[Article]) -> str | None:
    lengths = lengths_of(expert, articles)
    is_valid = len(lengths) == len(articles) and all(isinstance(length, int) and length >= 0 for length in lengths)
    return None if is_valid else f"lengths returned {lengths!r} for {len(articles)} articles"


def _first_problem(predictions: Sequence[Prediction], articles: Sequence[Article]) -> str | None:
    for article, prediction in zip(articles, predictions, strict=True):
        try:
            checked_prediction(prediction)
        except PredictionError as error:
            return f"article {article.id!r}: {error}"
    return None


def _batch_problem(expert: Expert, articles: Sequence[Article], together: Sequence[Prediction]) -> str | None:
    for article, before in zip(articles, together, strict=True):
        predictions = checked_list(expert.predict([article]))
        if problem := count_problem(predictions, [article]):
            return f"article {article.id!r}: {problem}"
        alone, in_batch = checked_prediction(predictions[0]), checked_prediction(before)
        if not _is_same(alone, in_batch):
            return f"article {article.id!r}: {alone.fields()} alone, {in_batch.fields()} in a batch"
    return None


def _is_close(first: Mapping[str, float], second: Mapping[str, float], tolerance: float) -> bool:
    return first.keys() == second.keys() and all(
        abs(score - second[label]) < tolerance for label, score in first.items()
    )


def _is_same(first: Prediction, second: Prediction) -> bool:
    if isinstance(first, Labels) and isinstance(second, Labels):
        return _is_close(first.scores, second.scores, TOLERANCE)
    return _is_alike(first.fields(), second.fields())


def _is_alike(first: Any, second: Any) -> bool:
    """Tell whether two values of JSON are the same, scores to within `TOLERANCE`."""
    if isinstance(first, float) and isinstance(second, float):
        return abs(first - second) < TOLERANCE
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_is_alike, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_is_alike(first[key], second[key]) for key in first)
    return bool(first == second)
