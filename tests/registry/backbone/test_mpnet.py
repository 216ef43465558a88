"""The larger backbone's architecture, on a tiny model of random weights."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from newsmoe import Article, Device
from newsmoe.registry.backbone.adapter import Precision, load_adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.files import BackboneFiles, PublishedBackbone
from newsmoe.registry.backbone.onnx_runtime import OnnxRuntime
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.backbone.reference import MAX_DISTANCE, distance, reference_of
from newsmoe.registry.backbone.torch_runtime import TorchRuntime

TOKENS = "<s> <pad> </s> <mask> the ferry was late again because of wind . and nobody knew why"
WORDS = TOKENS.split()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackboneFiles:
    """The files of a model with two layers, whose cache of compiled models is its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    torch.manual_seed(3)
    config = hf.MPNetConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=162,
        initializer_range=0.3,
    )
    folder = tmp_path / "tiny"
    hf.MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<mask>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return BackboneFiles(folder, PublishedBackbone("large", "tests/tiny-mpnet", digest))


@pytest.fixture
def adapter(tiny: BackboneFiles, tmp_path: Path) -> Path:
    """The folder of an adapter that changes much."""
    from newsmoe.training.adapter import adapted_encoder, save_adapter  # peft takes seconds to import
    from newsmoe.training.recipe import AdapterRecipe

    torch.manual_seed(5)
    encoder = adapted_encoder(AdapterRecipe(rank=2), Backbone(tiny, TorchRuntime(tiny, Device())), None)
    for name, weight in encoder.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    folder = tmp_path / "adapter"
    folder.mkdir()
    save_adapter(encoder, folder)
    return folder


def windows_of(backbone: Backbone) -> list[Window]:
    """Return the windows of two texts of different length."""
    long = " ".join(["the ferry was late again because of wind ."] * 15)
    windows = [backbone.read(Article(content=text)).windows[0] for text in ("nobody knew why .", long)]
    assert len(windows[1]) > 128, "distances that share a bucket do not occur"
    return windows


def test_what_serves_agrees_with_torch(tiny: BackboneFiles) -> None:
    backbone = Backbone(tiny, OnnxRuntime(tiny, Device(threads=1)))
    ids, mask = backbone.padded(windows_of(backbone))
    served, reference = (
        runtime.hidden(ids, mask) * mask[..., None] for runtime in (backbone.runtime, TorchRuntime(tiny, Device()))
    )
    assert np.abs(served - reference).max() < 0.01  # words are stored in half precision


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_an_adapter_is_served_as_it_was_trained(tiny: BackboneFiles, adapter: Path, precision: Precision) -> None:
    loaded = load_adapter(adapter, precision)
    assert loaded is not None
    assert len(loaded.changes) == 12
    backbone = Backbone(tiny, OnnxRuntime(tiny, Device(threads=1)))
    reference = reference_of(backbone)
    windows = windows_of(backbone)
    assert distance(backbone, reference, loaded, windows) < MAX_DISTANCE[precision]
    for bare, adapted in zip(backbone.encode(windows), backbone.encode(windows, loaded), strict=True):
        assert bare.window @ adapted.window < 0.9


def test_special_tokens_are_those_of_the_model(tiny: BackboneFiles) -> None:
    backbone = Backbone(tiny, OnnxRuntime(tiny, Device(threads=1)))
    windows = backbone.read(Article(content="nobody knew")).windows
    ids, _ = backbone.padded([*windows, *backbone.read(Article(content="wind")).windows])
    assert [[WORDS[number] for number in row] for row in ids.tolist()] == [
        ["<s>", "nobody", "knew", "</s>"],
        ["<s>", "wind", "</s>", "<pad>"],
    ]
    assert [WORDS[number] for number in backbone.hide_tokens(ids, np.ones(ids.shape, dtype=bool))[0]] == [
        *("<s>", "<mask>", "<mask>", "</s>")
    ]
