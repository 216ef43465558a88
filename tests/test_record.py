import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsmoe.prediction import Fields, InputStats, Labels, Summary
from newsmoe.record import ItemError, Record, RouteEntry
from tests.support import RECORD_KEYS

DISTRIBUTIONS = st.dictionaries(st.text("aB é", max_size=4), st.floats(0.01, 1), min_size=1, max_size=8).map(
    lambda parts: {label: part / math.fsum(parts.values()) for label, part in parts.items()}
)


@given(DISTRIBUTIONS)
def test_a_distribution_is_valid_and_shown_best_first(scores: dict[str, float]) -> None:
    labels = Labels(scores)
    fields = labels.fields()
    assert labels.validation_error() is None
    assert fields["score"] == max(fields["scores"].values()) == fields["scores"][fields["label"]]
    assert list(fields["scores"].values()) == sorted(fields["scores"].values(), reverse=True)
    assert fields["scores"].keys() == scores.keys()


def test_equal_scores_are_shown_in_the_order_of_the_labels() -> None:
    fields = Labels({"b": 0.4, "c": 0.2, "a": 0.4}).fields()
    assert fields["label"] == "a"
    assert list(fields["scores"]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("scores", "unsure"),
    [
        ({"a": 0.5, "b": 0.45, "c": 0.05}, True),
        ({"a": 0.5, "b": 0.39, "c": 0.11}, False),
        ({"a": 0.35, "b": 0.2, "c": 0.45}, False),
        ({"a": 1.0}, False),
    ],
)
def test_a_toss_up_between_two_labels_is_said(scores: dict[str, float], unsure: bool) -> None:
    assert Labels(scores).fields()["unsure"] is unsure


def test_scores_of_numpy_are_written_as_plain_numbers() -> None:
    fields = Labels({"a": np.float32(0.75), "b": np.float32(0.25)}).fields()
    assert json.loads(json.dumps(fields)) == {
        "label": "a",
        "score": 0.75,
        "unsure": False,
        "scores": {"a": 0.75, "b": 0.25},
    }


@pytest.mark.parametrize(
    ("scores", "problem"),
    [
        ({}, "no label scores"),
        ({"a": 0.5, "b": 0.4}, "sum to 0.9000"),
        ({"a": 1.5, "b": -0.5}, "label 'a' is 1.5"),
        ({"a": 1.2}, "label 'a' is 1.2"),
        ({"a": 1.0, "b": -0.1}, "label 'b' is -0.1"),
        ({"a": 1.0, "b": math.nan}, "label 'b' is nan"),
        ({"a": math.inf}, "label 'a' is inf"),
    ],
)
def test_scores_that_are_no_distribution_are_reported(scores: dict[str, float], problem: str) -> None:
    assert problem in str(Labels(scores).validation_error())


def test_a_summary_without_text_is_reported() -> None:
    assert Summary(" \n").validation_error() == "the summary is empty"
    assert Summary("A storm.").validation_error() is None
    assert Summary("A storm.").fields() == {"summary": "A storm."}


def test_fields_of_a_plug_in_are_written_as_they_are() -> None:
    values = {"words": 3, "people": ["A"]}
    assert Fields(values).fields() == values
    assert Fields(values).validation_error() is None
    assert Fields({}).validation_error() == "there are no fields"


@pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan])
def test_a_weight_lies_between_0_and_1(weight: float) -> None:
    with pytest.raises(ValidationError, match="weight"):
        RouteEntry(task="topic", expert="x", weight=weight, reason="r")


def test_an_error_has_a_valid_stage() -> None:
    assert ItemError(type="E", message="m", stage="load").model_dump() == {
        "task": None,
        "expert": None,
        "type": "E",
        "message": "m",
        "stage": "load",
    }
    with pytest.raises(ValidationError, match="stage"):
        ItemError(type="E", message="m", stage="loading")  # type: ignore[arg-type]


def test_a_record_has_the_documented_keys_in_this_order() -> None:
    record = Record(id=1, headline="h", url="u", status="ok", analyses={}, route=[], errors=[], input=InputStats())
    assert list(record.model_dump()) == RECORD_KEYS
    assert Record.model_json_schema(mode="serialization")["required"] == RECORD_KEYS
    assert list(InputStats.model_fields) == ["tokens", "truncated", "windows"]


def test_a_record_is_frozen_and_takes_no_other_keys() -> None:
    use = InputStats(tokens=3)
    with pytest.raises(ValidationError, match="frozen"):
        use.tokens = 4  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        InputStats(token=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("id_", [None, 7, "7"])
def test_a_record_preserves_the_type_of_its_id(id_: str | int | None) -> None:
    record = Record(id=id_, headline="h", url="u", status="ok", analyses={}, route=[], errors=[], input=InputStats())
    assert json.loads(record.model_dump_json())["id"] == id_
    assert Record.model_validate_json(record.model_dump_json()) == record
