"""A checkpoint in Python's pickle format made into safetensors, without running what may be in it."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from newsmoe.errors import ModelError
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.extras import require_hub_extra
from newsmoe.registry.hub.files import CONFIG, PICKLES, ModelSource, cache_folder, weight_files

WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "*.bin.index.json", *PICKLES)


def convert(folder: Path, source: ModelSource, card: Card) -> Path:
    """Read the pickle in `folder` with `torch.load(weights_only=True)`, and write safetensors.

    That way of loading accepts tensors and containers, and refuses all else that a pickle can hold.
    """
    require_hub_extra("newsmoe experts convert")
    if weight_files(folder):
        raise ModelError(f"{folder}: has safetensors already; there is nothing to convert")
    if not any(file for pattern in PICKLES for file in folder.glob(pattern)):
        raise ModelError(f"{folder}: there is no checkpoint to convert")
    target = folder if source.folder(card) else cache_folder(source)
    target.mkdir(parents=True, exist_ok=True)
    work = Path(mkdtemp(dir=target, prefix=".converting-"))
    try:
        _save(folder, work)
        for file in folder.iterdir():
            if file.is_file() and not any(file.match(pattern) for pattern in WEIGHTS):
                shutil.copyfile(file, work / file.name)
        for file in sorted(work.iterdir(), key=lambda file: file.name == CONFIG):
            file.replace(target / file.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _save(folder: Path, target: Path) -> None:
    """Load the model by the class that its config names, and save it in safetensors."""
    from newsmoe.registry.hub.loading import architecture_of, load_model, quiet

    model = load_model(folder, architecture_of(folder), Device(), "float32", pickle=True)
    with quiet():
        model.save_pretrained(target)
