"""What an expert is."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from newsmoe.article import Article, estimate_article_tokens
from newsmoe.prediction import Prediction
from newsmoe.registry.device import Device


@runtime_checkable
class Expert(Protocol):
    """One model for one task. A plug-in writes `predict`, and `load` where there is something to load.

    An expert may say more about itself; what it leaves out has a default:
        languages: tuple of ISO 639-1 codes that it reads; absent or empty: any.
        needs_content: whether a headline alone is too little for it; absent: False.
        after: the prediction of another task that must come first, and what it must say, as in a card:
            {"task": "topic", "label": "sport", "at_least": 0.5}; absent: it reads every article.
        labels: list or tuple of the labels that it predicts; a run that would use an expert with other labels
            than those of the built-in experts for its task ends before it reads; absent: at its first batch.
        lengths(articles) -> list[int]: tokens that it would read of each; absent: estimated.
        memory() -> int: bytes that it will take once it is loaded; absent: next to none.
        fingerprint: hash of all that decides its predictions, which then depend on headline, content and
            language of an article alone, and may be stored for the next run; absent: they are not stored.
        unload(): free the weights' memory; `load` is called again before `predict`; absent: it stays.

    It need not be safe to call from several threads: one calls it at a time.
    """

    name: str
    task: str

    def load(self, device: Device) -> None:
        """Load the weights into memory. Called once, before the first `predict`."""

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return a prediction for each article, in order: as many as there are articles."""


def memory_of(expert: Expert) -> int:
    """Return how many bytes `expert` will take once it is loaded, as far as it says."""
    memory: Any = getattr(expert, "memory", None)
    return 0 if memory is None else int(memory())


def lengths_of(expert: Expert, articles: Sequence[Article]) -> list[int]:
    """Return how many tokens `expert` would read of each article, as it says or else estimated."""
    lengths: Any = getattr(expert, "lengths", None)
    if lengths is not None:
        return list(lengths(articles))
    return list(map(estimate_article_tokens, articles))
