import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from newsmoe.registry.kinds.tagger import tagged_spans
from newsmoe.registry.kinds.token_head import best_path, spans_of, tags_of


def is_valid(path: tuple[int, ...]) -> bool:
    return all(tag % 2 or not tag or before in (tag, tag - 1) for before, tag in zip((0, *path), path, strict=False))


@given(arrays(np.float32, (4, 5), elements=st.floats(-5, 5, width=16)))
def test_the_path_is_the_best_of_all_valid_ones(logits: np.ndarray) -> None:
    paths = filter(is_valid, itertools.product(range(5), repeat=4))
    best = max(float(sum(logits[place, tag] for place, tag in enumerate(path))) for path in paths)
    path = best_path(logits).tolist()
    assert is_valid(tuple(path))
    assert float(logits[range(4), path].sum()) == pytest.approx(best, abs=1e-4)


def test_spans_are_read_from_tags() -> None:
    assert tags_of(["Person", "Place"]) == ["O", "B-Person", "I-Person", "B-Place", "I-Place"]
    assert spans_of([1, 2, 2, 0, 3, 1, 1, 2]) == [(0, 3, 0), (4, 5, 1), (5, 6, 0), (6, 8, 0)]
    assert spans_of([]) == []


def test_no_entity_goes_beyond_a_sentence() -> None:
    begin, inside = np.eye(3, dtype=np.float32)[1:]
    logits = np.stack([begin, inside, inside, begin])
    assert list(tagged_spans(np.array([-1, -1, 0, 0]), logits)) == [(0, 2, 0), (3, 4, 0)]
    assert list(tagged_spans(np.array([], dtype=np.int64), logits[:0])) == []
