"""What the tests of the journal share."""

from newsmoe.journal.journal import open_journal
from newsmoe.prediction import InputStats, Prediction, Summary

STORM = Summary("A storm hit the coast.", InputStats(tokens=7, windows=1))


def keep(place: str, prediction: Prediction = STORM, expert: str = "e", article: str = "a") -> None:
    """Store a prediction in the journal at `place`."""
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep(expert, {article: prediction})


def stored(place: str, expert: str = "e", *articles: str) -> dict[str, Prediction]:
    """Return the predictions that the journal at `place` holds for some articles."""
    with open_journal(place) as journal:
        assert journal is not None
        return journal.predictions(expert, articles or ["a"])
