import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from newsmoe import Article, Device, Registry
from newsmoe.errors import ModelError
from newsmoe.registry.backbone import backbone as module
from newsmoe.registry.backbone.adapter import Adapter, LowRank
from newsmoe.registry.backbone.backbone import Backbone, Runtime, unit
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.backbone.reading import Span, Window

SHAPES = list[tuple[int, int]]


class Watched:
    """A runtime that records the shapes that it was called with."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.batch_tokens, self.workers = runtime.batch_tokens, runtime.workers
        self.shapes: SHAPES = []

    def hidden(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> NDArray[np.float32]:
        assert ids.shape == mask.shape
        self.shapes.append(ids.shape)
        return self.runtime.hidden(ids, mask, adapter)


@pytest.fixture
def watched(files: BackboneFiles, quick_backbone: Backbone) -> tuple[Backbone, SHAPES]:
    """A backbone that has computed nothing yet, and the shapes that its runtime sees."""
    runtime = Watched(quick_backbone.runtime)
    return Backbone(files, runtime), runtime.shapes


def articles(count: int, words: int = 5) -> list[Article]:
    return [Article(content=f"Storm {number} hit " + "town " * words) for number in range(count)]


def test_vectors_are_means_over_tokens_of_length_one(quick_backbone: Backbone) -> None:
    article = Article(headline="Storm hits", content="Ten houses were lost. Nobody was hurt.")
    (window,) = quick_backbone.read(article).windows
    (encoded,) = quick_backbone.encode([window])
    table = quick_backbone.runtime.table  # type: ignore[attr-defined]

    def mean(text: str, *, special: bool = False) -> NDArray[np.float32]:
        ids = quick_backbone.tokenizer.encode(text, add_special_tokens=special).ids
        return unit(table[ids].mean(axis=0))

    sentences = [article.headline, "Ten houses were lost.", "Nobody was hurt."]
    assert encoded.window == pytest.approx(mean(" ".join(sentences), special=True), abs=1e-6)
    assert encoded.sentences == pytest.approx(np.stack([mean(text) for text in sentences]), abs=1e-6)
    assert np.linalg.norm(encoded.sentences, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)


def test_the_real_vectors_are_those_of_the_published_model(backbone: Backbone) -> None:
    # By transformers' AutoModel on the published files: mean over the tokens, scaled to length 1.
    published = [-0.01169, 0.03391, 0.12046, 0.06271, 0.01546, 0.01716]
    windows = backbone.read(Article(content="A storm hit the coast on Monday.")).windows
    (encoded,) = backbone.encode(windows)
    assert encoded.window.shape == (384,)
    assert encoded.window[:6] == pytest.approx(published, abs=1e-3)


@pytest.mark.slow
def test_what_serves_agrees_with_torch(backbone: Backbone, files: BackboneFiles, sample: list[Article]) -> None:
    from newsmoe.registry.backbone.torch_runtime import TorchRuntime

    reference = Backbone(files, TorchRuntime(files, Device()))
    windows = [window for article in sample[:6] for window in reference.read(article).windows]
    for ours, theirs in zip(backbone.encode(windows), reference.encode(windows), strict=True):
        assert ours.window == pytest.approx(theirs.window, abs=1e-3)
        assert ours.sentences == pytest.approx(theirs.sentences, abs=1e-3)


def test_like_texts_have_like_vectors(backbone: Backbone) -> None:
    texts = [
        "The central bank raised interest rates.",
        "The bank put interest rates up.",
        "The goalkeeper saved a late penalty.",
    ]
    windows = [backbone.read(Article(content=text)).windows[0] for text in texts]
    first, second, other = (encoded.window for encoded in backbone.encode(windows))
    assert first @ second > 0.7 > 0.2 > first @ other


def test_padding_does_not_change_a_vector(backbone: Backbone, files: BackboneFiles, sample: list[Article]) -> None:
    alone = Backbone(files, backbone.runtime)
    windows = backbone.read(sample[0]).windows
    short = backbone.read(Article(headline="Goal")).windows[0]
    together = backbone.encode([*windows, short])[-1]
    assert alone.encode([short])[0].window == pytest.approx(together.window, abs=1e-4)


def test_vectors_come_in_the_order_of_the_windows(quick_backbone: Backbone, files: BackboneFiles) -> None:
    windows = [quick_backbone.read(article).windows[0] for number in (30, 1, 9) for article in articles(2, number)]
    one_by_one = [Backbone(files, quick_backbone.runtime).encode([window])[0] for window in windows]
    together = Backbone(files, quick_backbone.runtime).encode([*windows, windows[0]])
    for alone, encoded in zip([*one_by_one, one_by_one[0]], together, strict=True):
        assert encoded.window == pytest.approx(alone.window, abs=1e-6)


def test_each_distinct_window_is_computed_once(watched: tuple[Backbone, SHAPES]) -> None:
    backbone, shapes = watched
    windows = [backbone.read(article).windows[0] for article in articles(4)]
    backbone.encode([*windows, *windows])
    backbone.encode(windows[::-1])
    assert sum(rows for rows, _ in shapes) == 4
    assert backbone.encode([]) == []


def low_rank(key: str, scale: float) -> Adapter:
    """Return an adapter that changes one module."""
    parts = np.random.default_rng(1).normal(size=(2, 384, 2)).astype(np.float32)
    change = LowRank(parts[0], np.ascontiguousarray(parts[1].T) * np.float32(scale))
    return Adapter(key, {"encoder.layer.0.attention.self.query": change})


def test_an_adapter_changes_the_vector_of_a_window_and_only_with_it(backbone: Backbone, files: BackboneFiles) -> None:
    fresh = Backbone(files, backbone.runtime)
    windows = fresh.read(Article(content="A storm hit the coast on Monday.")).windows
    (plain,) = fresh.encode(windows)
    (changed,) = fresh.encode(windows, low_rank("changing", 0.1))
    (unchanged,) = fresh.encode(windows, low_rank("changing nothing", 0.0))
    assert plain.window @ changed.window < 0.99
    assert unchanged.window == pytest.approx(plain.window, abs=1e-5)
    assert fresh.encode(windows)[0] is plain
    assert fresh.encode(windows, low_rank("changing", 0.1))[0] is changed


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.integers(1, 254), min_size=1, max_size=60))
def test_no_forward_pass_is_over_its_budget(files: BackboneFiles, quick_backbone: Backbone, lengths: list[int]) -> None:
    runtime = Watched(quick_backbone.runtime)
    windows = [Window(np.full(size, 2000, np.int32).tobytes(), (Span(0, 0, size),)) for size in lengths]
    Backbone(files, runtime).encode(windows)
    assert sum(rows for rows, _ in runtime.shapes) == len(set(lengths))
    assert all(rows * width <= runtime.batch_tokens for rows, width in runtime.shapes)


def test_only_the_latest_vectors_stay_in_memory(watched: tuple[Backbone, SHAPES]) -> None:
    backbone, shapes = watched
    backbone.max_cached_windows = 3
    windows = [backbone.read(article).windows[0] for article in articles(5)]
    assert len(backbone.encode(windows)) == 5
    backbone.encode(windows[2:])
    assert sum(rows for rows, _ in shapes) == 5
    backbone.encode(windows[:2])
    assert sum(rows for rows, _ in shapes) == 7


def test_an_article_is_cut_once_and_only_the_latest_stay_in_memory(
    files: BackboneFiles, quick_backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CACHED_READINGS", 2)
    fresh = Backbone(files, quick_backbone.runtime)
    first, second, third = articles(3)
    reading = fresh.read(first)
    fresh.read(second)
    assert fresh.read(Article(id="other", content=first.content)) is reading
    fresh.read(third)
    assert fresh.read(first) is reading
    fresh.read(second)
    fresh.read(third)
    assert fresh.read(first) is not reading
    assert fresh.read(first) == reading


def test_articles_that_differ_in_language_alone_are_cut_apart(quick_backbone: Backbone) -> None:
    content = "Er kam am 3. Mai."
    german = quick_backbone.read(Article(content=content, language="de"))
    english = quick_backbone.read(Article(content=content, language="en"))
    assert len(german.sentences) == 1 < len(english.sentences)


@pytest.mark.parametrize(
    ("positions", "window_tokens", "tokens"),
    [(512, 254, 254), (512, 510, 510), (256, 254, 254), (256, 510, 254), (130, 254, 128)],
)
def test_a_window_fits_the_models_own_limit(
    tmp_path: Path, quick_backbone: Backbone, files: BackboneFiles, positions: int, window_tokens: int, tokens: int
) -> None:
    config = json.loads((files.folder / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | {"max_position_embeddings": positions}))
    (tmp_path / "tokenizer.json").symlink_to(files.tokenizer)
    small = Backbone(BackboneFiles(tmp_path), quick_backbone.runtime)
    first, *_ = small.read(Article(content="a " * 900), window_tokens).windows
    assert len(first) == tokens


def test_the_tokenizers_own_limit_is_switched_off(backbone: Backbone) -> None:
    assert len(backbone.tokenizer.encode("town " * 3000, add_special_tokens=False).ids) == 3000
    assert len(backbone.tokenizer.encode("town", add_special_tokens=False).ids) == 1


def test_a_tokenizer_without_the_special_tokens_is_reported(
    tmp_path: Path, quick_backbone: Backbone, files: BackboneFiles
) -> None:
    (tmp_path / "config.json").symlink_to(files.folder / "config.json")
    Tokenizer(WordLevel({"storm": 0, "[UNK]": 1}, unk_token="[UNK]")).save(str(tmp_path / "tokenizer.json"))
    strange = Backbone(BackboneFiles(tmp_path), quick_backbone.runtime)
    with pytest.raises(ModelError, match=r"tokenizer\.json: lacks the token \[CLS\]"):
        strange.encode(strange.read(Article(content="storm")).windows)


def test_the_unit_vector_of_zeros_is_zeros() -> None:
    assert unit(np.zeros((2, 3), np.float32)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert unit(np.array([3, 4], np.float32)).tolist() == pytest.approx([0.6, 0.8])


def test_a_pool_holds_one_backbone_per_device(registry: Registry, backbone: Backbone) -> None:
    assert registry.backbones.backbone(Device("cpu")) is backbone
