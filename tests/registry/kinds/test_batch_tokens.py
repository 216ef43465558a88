"""How much a model computes at a time, as `batch_tokens` says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from newsmoe import Article, Device, Labels, Registry, Settings, Summary, analyze
from newsmoe.prediction import Fields, Prediction
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.onnx_runtime import OnnxRuntime
from newsmoe.testing import FakeExpert
from tests.registry.support import card

Shapes = list[tuple[int, ...]]

SMALL, LARGE = 64, 4096


@pytest.fixture
def articles(sample: list[Article]) -> list[Article]:
    """Articles of many lengths."""
    paragraphs = [text for article in sample for text in article.content.split("\n\n") if text.count(" ") > 5]
    texts = [*(f"Rain fell on day {day}." for day in range(6)), *paragraphs[:8]]
    return [Article(content=text, language="en") for text in texts]


def check_passes(shapes: Shapes, budget: int) -> None:
    """Check that passes fill the budget and exceed it only by a single window."""
    assert all(rows == 1 or rows * width <= budget for rows, width in shapes)
    assert max(rows for rows, _ in shapes) > 1
    *most, _ = shapes
    assert all((rows + 1) * width > budget for rows, width in most)


def same(first: Prediction, second: Prediction) -> bool:
    if isinstance(first, Labels) and isinstance(second, Labels):
        return bool(first.scores == pytest.approx(second.scores, abs=1e-4))
    return isinstance(first, Summary) and first == second


@pytest.mark.slow
@pytest.mark.parametrize("name", ["topic-zero-shot", "extractive"])
def test_an_embedded_experts_predictions_do_not_depend_on_the_budget_that_it_gets(
    name: str, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: Shapes = []
    hidden = OnnxRuntime.hidden

    def watched(
        self: OnnxRuntime, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> NDArray[np.float32]:
        shapes.append(ids.shape)
        return hidden(self, ids, mask, adapter)

    monkeypatch.setattr(OnnxRuntime, "hidden", watched)
    registry = Registry(plugins=False)
    predictions = {}
    for budget in (SMALL, LARGE):
        expert = registry.build(name)
        expert.load(Device(threads=1, batch_tokens=budget))
        shapes.clear()
        predictions[budget] = expert.predict(articles)
        check_passes(shapes, budget)
    assert all(map(same, predictions[SMALL], predictions[LARGE]))


HUB_CARD = """\
name = "mine"
task = "mine"
kind = "KIND"
description = "tiny"
[settings]
model = "MODEL"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "architecture", "settings"),
    [
        ("text-classification", "distilbert", ""),
        ("zero-shot-nli", "nli", "labels = { sport = '', storm = 'the weather' }"),
        ("seq2seq-summarization", "bart", "long_input = 'map-reduce'\nprefix = 'summarize: '"),
        ("chat-summarization", "mixtral", "max_new_tokens = 20\nprompt = 'Sum up: {article}'"),
    ],
)
def test_a_hub_experts_predictions_do_not_depend_on_the_budget_that_it_gets(
    tmp_path: Path, articles: list[Article], kind: str, architecture: str, settings: str
) -> None:
    from tests.registry.hub.models import make_model

    model = make_model(architecture, tmp_path / "model")
    card(tmp_path, "mine", HUB_CARD.replace("KIND", kind).replace("MODEL", str(model)) + settings)
    registry = Registry([tmp_path], plugins=False, builtin=False)
    predictions = {}
    small, large = (4 * SMALL, LARGE) if architecture == "mixtral" else (SMALL, LARGE)
    for budget in (small, large):
        expert: Any = registry.build("mine")
        expert.load(Device(batch_tokens=budget))
        shapes: Shapes = []
        encoder = expert.model.get_encoder() if kind == "seq2seq-summarization" else expert.model
        encoder.register_forward_pre_hook(recorder(shapes), with_kwargs=True)
        predictions[budget] = expert.predict(articles[:20])
        assert all(rows == 1 or rows * width <= budget for rows, width in shapes)
        assert max(rows for rows, _ in shapes) > 1
    assert all(map(same, predictions[small], predictions[large]))


def recorder(shapes: Shapes) -> Callable[..., None]:
    """Return a hook that records the shape of what a model reads, and not of single tokens that it writes."""

    def record(module: object, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        ids = keywords["input_ids"] if "input_ids" in keywords else arguments[0]
        if ids.shape[1] > 1:
            shapes.append(tuple(ids.shape))

    return record


@pytest.mark.parametrize("budget", [None, 100])
def test_the_setting_reaches_the_experts(budget: int | None) -> None:
    expert = FakeExpert("mine", "mood", lambda article: Fields({"fine": True}))
    registry = Registry(plugins=False)
    registry.add(expert)
    settings = Settings(tasks=("mood",), batch_tokens=budget)
    list(analyze([Article(content="A storm.", language="en")], settings, registry=registry))
    assert expert.device == Device(batch_tokens=budget)
