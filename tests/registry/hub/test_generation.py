from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmoe.registry.hub.generation import configure_generation, generate
from newsmoe.registry.hub.generation_settings import MIN_INPUT_TOKENS, Bounds
from tests.registry.hub.models import make_model

pytestmark = pytest.mark.slow

TEXT = "The council has approved a new tram line after a storm hit the coast and ten houses were lost."
BEAMS = st.sampled_from([1, 4])

Generator = Callable[[list[str], list[Bounds], int], list[list[int]]]


@pytest.fixture(scope="module", params=["bart", "t5"])
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator:
    folder = make_model(request.param, tmp_path_factory.mktemp("model"))
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    model = hf.AutoModelForSeq2SeqLM.from_pretrained(folder).train(False)

    def run(texts: list[str], bounds: list[Bounds], beams: int) -> list[list[int]]:
        inputs = tokenizer(texts, padding=True, truncation=True, max_length=60, return_tensors="pt")
        configure_generation(model, {"num_beams": beams})
        return generate(model, inputs, bounds)

    return run


@settings(max_examples=8)
@given(
    st.lists(st.tuples(st.integers(1, len(TEXT)), st.integers(0, 12), st.integers(1, 30)), min_size=2, max_size=5),
    BEAMS,
)
def test_a_batch_comes_out_as_its_texts_do_one_at_a_time(
    generator: Generator, rows: list[tuple[int, int, int]], beams: int
) -> None:
    texts = [TEXT[:size] for size, _, _ in rows]
    bounds = [Bounds(min(low, high), high) for _, low, high in rows]
    together = generator(texts, bounds, beams)
    alone = [generator([text], [bound], beams)[0] for text, bound in zip(texts, bounds, strict=True)]
    assert together == alone
    assert all(
        bound.min_tokens <= len(row) < bound.max_tokens + 1
        for row, bound in zip(together, bounds, strict=True)
        if bound.max_tokens > bound.min_tokens
    )
    assert all(
        len(row) <= bound.max_tokens - 1 or bound.max_tokens == 1 for row, bound in zip(together, bounds, strict=True)
    )


@pytest.mark.parametrize("beams", [1, 4])
def test_without_bounds_of_its_own_a_row_is_what_transformers_generates(tmp_path: Path, beams: int) -> None:
    folder = make_model("bart", tmp_path)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    model = hf.AutoModelForSeq2SeqLM.from_pretrained(folder).train(False)
    inputs = tokenizer([TEXT, TEXT[:40]], padding=True, return_tensors="pt")
    with torch.inference_mode():
        expected = model.generate(**inputs, num_beams=beams, min_new_tokens=4, max_length=31)
    configure_generation(model, {"num_beams": beams})
    rows = generate(model, dict(inputs), [Bounds(4, 30)] * 2)
    special = set(tokenizer.all_special_ids)

    def words(row: Any) -> list[int]:
        return [token for token in row if token not in special]

    assert [words(row) for row in rows] == [words(row) for row in expected.tolist()]


def test_a_summary_is_not_required_to_be_longer_than_its_text() -> None:
    bounds = Bounds(30, 140)
    assert bounds.for_input(1000) == bounds
    assert bounds.for_input(50) == Bounds(25, 50)
    assert bounds.for_input(3) == Bounds(1, MIN_INPUT_TOKENS)
