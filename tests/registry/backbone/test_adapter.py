import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.registry.backbone.adapter import Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.device import Device

QUERY = "base_model.model.encoder.layer.0.attention.self.query"
WIDTH, RANK = 384, 4


def write(folder: Path, *, scale: float = 1.0, **config: Any) -> Path:
    """Write a random adapter of several modules in peft's format."""
    random = np.random.default_rng(3)
    sizes = {QUERY: (WIDTH, WIDTH), QUERY.replace("attention.self.query", "output.dense"): (1536, WIDTH)}
    tensors = {}
    for module, (inputs, outputs) in sizes.items():
        down = random.normal(size=(RANK, inputs)).astype(np.float32)
        up = random.normal(size=(outputs, RANK)).astype(np.float32) * 0.02
        tensors |= {f"{module}.lora_A.weight": down, f"{module}.lora_B.weight": up}
    save_file(tensors, folder / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "r": RANK, "lora_alpha": RANK * scale} | config
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return folder


def loaded(folder: Path) -> Adapter:
    adapter = load_adapter(folder)
    assert adapter is not None
    return adapter


def test_a_folder_without_an_adapter_has_none(tmp_path: Path) -> None:
    assert load_adapter(tmp_path) is None


def test_an_adapter_is_scaled_by_alpha_over_rank(tmp_path: Path) -> None:
    once = loaded(write(tmp_path))
    twice = loaded(write(tmp_path, scale=2.0))
    module = "encoder.layer.0.attention.self.query"
    assert once.changes[module].down.shape == (WIDTH, RANK)
    np.testing.assert_allclose(twice.changes[module].up, 2 * once.changes[module].up, rtol=1e-6)
    assert once.key != twice.key


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"peft_type": "IA3"}, "only LORA can be run"),
        ({"use_dora": True}, "use_dora is set"),
        ({"rank_pattern": {"query": 8}}, "rank_pattern is set"),
        ({"r": 0}, "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_run_is_refused(config: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=message):
        load_adapter(write(tmp_path, **config))


def test_a_damaged_adapter_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelError, match="the adapter cannot be loaded"):
        load_adapter(tmp_path)


def test_an_adapter_changes_the_vectors_and_leaves_the_backbone_as_it_was(tmp_path: Path, backbone: Backbone) -> None:
    adapter = loaded(write(tmp_path))
    windows = backbone.read(Article(headline="Ferry runs again", content="It sailed at dawn.")).windows
    [before], [adapted], [after] = (
        backbone.encode(windows, None), backbone.encode(windows, adapter), backbone.encode(windows, None),
    )  # fmt: skip
    assert float(before.window @ adapted.window) < 0.999
    np.testing.assert_array_equal(before.window, after.window)


@pytest.mark.slow
def test_both_runtimes_see_the_same_through_an_adapter(
    tmp_path: Path, backbone: Backbone, files: BackboneFiles
) -> None:
    from newsmoe.registry.backbone.torch_runtime import TorchRuntime

    adapter = loaded(write(tmp_path))
    reference = Backbone(files, TorchRuntime(files, Device()))
    content = " ".join(f"On day {day} the ferry sailed at dawn." for day in range(40))
    windows = backbone.read(Article(headline="Ferry runs again", content=content)).windows
    for served, expected in zip(backbone.encode(windows, adapter), reference.encode(windows, adapter), strict=True):
        np.testing.assert_allclose(served.window, expected.window, atol=1e-4)
        np.testing.assert_allclose(served.sentences, expected.sentences, atol=1e-4)


def test_int8_is_near_and_does_not_depend_on_the_batch(tmp_path: Path, backbone: Backbone) -> None:
    folder = write(tmp_path)
    exact, rounded = load_adapter(folder), load_adapter(folder, "int8")
    assert exact is not None
    assert rounded is not None
    assert exact.key != rounded.key
    texts = ["Storm hits", "It sailed at dawn. " * 20, "Nobody was hurt on Monday, the mayor said."]
    windows = [backbone.read(Article(content=text)).windows[0] for text in texts]
    together = Backbone(backbone.files, backbone.runtime).encode(windows, rounded)
    for window, encoded in zip(windows, together, strict=True):
        [alone] = Backbone(backbone.files, backbone.runtime).encode([window], rounded)
        np.testing.assert_array_equal(encoded.window, alone.window)
        [reference] = backbone.encode([window], exact)
        assert 0.95 < float(encoded.window @ reference.window) < 1.0
