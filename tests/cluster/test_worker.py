"""A worker without Ray around it."""

import platform

import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.cluster.worker import Worker
from newsmoe.errors import ConfigError
from newsmoe.settings.model import Settings

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
