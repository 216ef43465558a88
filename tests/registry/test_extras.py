"""The core without torch and transformers, which the extra `hub` brings."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from newsmoe import Device, Registry
from newsmoe.errors import ConfigError, ModelError
from newsmoe.registry import extras
from newsmoe.registry.backbone import files as backbone_files
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.backbone.reference import reference_of
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.convert import convert
from newsmoe.registry.hub.files import ModelSource

ADVICE = r"needs torch and transformers; pip install 'newsmoe\[hub\]'"

LIGHT = """
import sys
from importlib.metadata import PackageNotFoundError

sys.modules |= dict.fromkeys(("torch", "transformers"))  # importing them fails

from newsmoe import Article, Device, Registry, Settings, analyze

content = "A storm hit the coast. " * 30
(record,) = analyze([Article(headline="Storm", content=content, language="en")], Settings(device="auto"))
assert record.status == "ok", record
assert record.analyses.keys() == {"summarization", "sentiment", "topic"}, record
print(Registry(plugins=False).info("distilbert-sst-2").missing)
"""


@pytest.fixture
def no_hub_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)


@pytest.mark.slow
def test_the_embedded_experts_run_where_torch_and_transformers_cannot_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    message = "expert 'distilbert-sst-2' needs torch and transformers; pip install 'newsmoe[hub]'\n"
    assert done.stdout == message


@pytest.mark.parametrize("package", extras.HUB_PACKAGES)
def test_one_of_the_packages_is_not_enough(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == package else object())
    assert extras.hub_extra_missing("it")


@pytest.mark.usefixtures("no_hub_extra")
def test_an_expert_of_the_hub_is_missing_and_cannot_be_loaded() -> None:
    registry = Registry(plugins=False)
    missing = {name for name, info in registry.experts.items() if "newsmoe[hub]" in str(info.missing)}
    assert "bart-large-cnn" in missing
    assert not {"lead", "sentiment-news", "extractive"} & missing
    with pytest.raises(ModelError, match=rf"^expert 'bart-large-cnn' {ADVICE}"):
        registry.build("bart-large-cnn").load(Device())


@pytest.mark.usefixtures("no_hub_extra")
def test_without_torch_auto_is_the_processor_and_other_devices_name_the_extra() -> None:
    assert Device("auto", threads=2, batch_tokens=9).resolve() == Device("cpu", threads=2, batch_tokens=9)
    with pytest.raises(ConfigError, match=rf"^device 'cuda:1' {ADVICE}"):
        Device("cuda:1").resolve()
    with pytest.raises(ModelError, match=rf"^device 'cuda' {ADVICE}"):
        BackbonePool().backbone(Device("cuda"))


@pytest.mark.usefixtures("no_hub_extra")
def test_what_needs_torch_names_the_extra(backbone: Backbone, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=ADVICE):
        reference_of(backbone)
    card = Card(name="mine", task="mine", kind="text-classification", description="d", folder=tmp_path)
    with pytest.raises(ModelError, match=rf"^newsmoe experts convert {ADVICE}"):
        convert(tmp_path, ModelSource(model="."), card)


def test_without_the_backbone_its_experts_are_missing_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(backbone_files, "distribution", absent)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    registry = Registry(plugins=False)
    assert "newsmoe experts pull minilm" in str(registry.info("topic-news").missing)
    assert registry.info("lead").missing is None
