"""A worker without Ray around it."""

import logging
import platform
import warnings
from collections.abc import Callable

import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.cluster.session import ClusterSession
from newsmoe.cluster.worker import Worker
from newsmoe.errors import ConfigError
from newsmoe.settings.model import Settings

WARNING = """
import logging
import warnings

from newsmoe import Fields


class Warning:
    name = task = "warning"

    def load(self, device):
        logging.getLogger("newsmoe.planted").warning("loaded in %s", "haste")

    def predict(self, articles):
        logging.getLogger("newsmoe.planted").info("nobody needs to know")
        warnings.warn("this is old", FutureWarning)
        return [Fields({"read": True}) for article in articles]
"""
"""An expert that says something when it is loaded, and when it predicts."""

SHORT = Article(id=1, headline="Storm", content="A storm hit the coast.", language="en")


def worker(*models: str) -> Worker:
    settings = Settings(tasks=("summarization",), gate="rules", journal="none")
    return Worker(settings.model_dump_json(exclude_none=True), models)


def test_a_window_has_a_record_for_each_item_and_says_who_made_it() -> None:
    window = worker("lead").analyze([SHORT, InvalidItem("no article")])
    assert [record.status for record in window.records] == ["ok", "failed"]
    assert window.stats.items == 2
    assert window.worker.startswith(f"{platform.node()}/")


def test_a_node_without_a_model_says_which() -> None:
    with pytest.raises(
        ConfigError, match=f"node {platform.node()}: the model of sentiment-large is not on it; .*pull large"
    ):
        worker("lead", "sentiment-large").analyze([SHORT])


def test_a_window_has_the_warnings_of_its_analysis(install: Callable[..., None]) -> None:
    install("planted", {"planted": WARNING}, {"warning": "planted:Warning"})
    handlers = logging.getLogger("newsmoe").handlers[:]
    warning = Worker(Settings(tasks=("warning",), gate="rules", journal="none").model_dump_json(exclude_none=True), ())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert warning.analyze([SHORT]).warnings == ["loaded in haste", "FutureWarning: this is old"]
        assert warning.analyze([SHORT]).warnings == ["FutureWarning: this is old"]
    assert logging.getLogger("newsmoe").handlers == handlers


def test_a_session_on_workers_refuses_what_any_session_refuses() -> None:
    with ClusterSession(Settings(tasks=("summarization",))) as session, pytest.raises(TypeError, match="one article"):
        session.analyze({"headline": "Rain"})
    with pytest.raises(RuntimeError, match="the session is closed"):
        session.analyze([])
