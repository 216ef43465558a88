"""For authors of experts: small fakes, and the check that every expert must pass.

Nothing here needs a test framework; `newsmoe experts check` uses it too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from newsmoe.article import Article
from newsmoe.prediction import Fields, Labels, Prediction
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert, lengths_of

__all__ = ["ARTICLES", "FakeExpert", "Finding", "check_expert"]

SAME = 1e-4
"""Largest difference between scores of one article in different batches."""

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
        task: what it answers.
        answer: makes the prediction for one article; what it raises is raised.
        languages: codes that it reads; empty: any.
        needs_content: whether a headline alone is too little for it.
    """

    def __init__(
        self,
        name: str = "fake",
        task: str = "fake",
        prediction: Callable[[Article], Prediction] | None = None,
        *,
        languages: tuple[str, ...] = (),
        needs_content: bool = False,
    ) -> None:
        self.name = name
        self.task = task
        self.languages = languages
        self.needs_content = needs_content
        self.prediction = prediction or (lambda article: Fields({"characters": len(article.content)}))
        self.device: Device | None = None
        self.batches: list[list[str | int]] = []

    def load(self, device: Device) -> None:
        """Remember the device."""
        self.device = device

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Answer, and remember the ids in `batches`."""
        self.batches.append([article.id for article in articles])
        return [self.prediction(article) for article in articles]


@dataclass(frozen=True)
class Finding:
    """One point of the check: what was asked of the expert, and what is wrong, if anything is."""

    asked: str
    problem: str | None = None


def check_expert(
    expert: Expert, device: Device | None = None, articles: Sequence[Article] = ARTICLES
) -> Iterator[Finding]:
    """Try an expert on `articles` and yield what was found, point by point; stops where no more can be tried.

    Args:
        expert: not loaded yet.
        device: where to load it; default: the CPU.
        articles: of different lengths; those that the expert does not claim to read are left out.
    """
    languages = tuple(getattr(expert, "languages", ()))
    fitting = [
        article
        for article in articles
        if (article.content or not getattr(expert, "needs_content", False))
        and (not languages or article.language in languages)
    ] or list(articles)

    together: list[Prediction] = []
    steps: list[tuple[str, Callable[[], str | None]]] = [
        ("has a name and a task", lambda: None if expert.name and expert.task else "name or task is empty"),
        ("loads", lambda: expert.load(device or Device())),
        ("states lengths", lambda: _lengths_problem(expert, fitting)),
        ("answers a batch", lambda: _keep(together, expert.predict(fitting))),
        ("gives one answer an article", lambda: _count_problem(together, fitting)),
        ("gives sound answers", lambda: _first_problem(together)),
        ("gives the same answers one at a time", lambda: _batch_problem(expert, fitting, together)),
        ("answers an empty batch with nothing", lambda: "it did not" if expert.predict([]) else None),
    ]
    for asked, step in steps:
        try:
            problem = step()
        except Exception as error:  # noqa: BLE001  # the point of a check is to see what an expert raises
            problem = f"{type(error).__name__}: {error}"
        yield Finding(asked, problem)
        if problem:
            return


def _keep(kept: list[Prediction], predictions: list[Prediction]) -> str | None:
    if not isinstance(predictions, list):
        return f"predict returned {type(predictions).__name__}, expected a list"
    kept.extend(predictions)
    return None


def _lengths_problem(expert: Expert, articles: Sequence[Article]) -> str | None:
    lengths = lengths_of(expert, articles)
    sound = len(lengths) == len(articles) and all(
        isinstance(length, int) and length >= 0 for length in lengths
    )
    return None if sound else f"lengths returned {lengths!r} for {len(articles)} articles"


def _count_problem(predictions: Sequence[Prediction], articles: Sequence[Article]) -> str | None:
    same = len(predictions) == len(articles)
    return None if same else f"predict returned {len(predictions)} predictions for {len(articles)} articles"


def _first_problem(predictions: Sequence[Prediction]) -> str | None:
    for prediction in predictions:
        if not isinstance(prediction, Prediction):
            return f"predict returned {type(prediction).__name__}, expected Summary, Labels or Fields"
    return next(
        (problem for prediction in predictions if (problem := prediction.to_json_safe().validation_error())),
        None,
    )


def _batch_problem(expert: Expert, articles: Sequence[Article], together: Sequence[Prediction]) -> str | None:
    for article, before in zip(articles, together, strict=True):
        alone = expert.predict([article])[0]
        if not _same(alone, before):
            return f"article {article.id!r}: {alone.fields()} alone, {before.fields()} in a batch"
    return None


def _same(one: Prediction, other: Prediction) -> bool:
    if isinstance(one, Labels) and isinstance(other, Labels):
        return one.scores.keys() == other.scores.keys() and all(
            abs(score - other.scores[label]) < SAME for label, score in one.scores.items()
        )
    return one.fields() == other.fields()
