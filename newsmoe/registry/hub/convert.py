"""A checkpoint in Python's pickle format made into safetensors, without running what may be in it."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from newsmoe.errors import ModelError
from newsmoe.registry.cards import Card
from newsmoe.registry.extras import require_hub_extra
from newsmoe.registry.hub.files import CONFIG, PICKLES, ModelSource, cache_folder, is_inside, weight_files

CHECKPOINT = "pytorch_model*.bin"
WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "*.bin.index.json", *PICKLES)


def convert(folder: Path, source: ModelSource, card: Card) -> Path:
    """Read the pickle in `folder` with `torch.load(weights_only=True)`, and write safetensors.

    That way of loading accepts tensors and containers, and refuses all else that a pickle can hold.
    """
    require_hub_extra("newsmoe experts convert")
    if weight_files(folder):
        raise ModelError(f"{folder}: has safetensors already; there is nothing to convert")
    checkpoint = sorted(file for file in folder.glob(CHECKPOINT) if is_inside(folder, file))
    if not checkpoint:
        raise ModelError(f"{folder}: there is no checkpoint to convert ({CHECKPOINT})")
    target = folder if source.folder(card) else cache_folder(source)
    target.mkdir(parents=True, exist_ok=True)
    work = Path(mkdtemp(dir=target, prefix=".converting-"))
    try:
        _save(checkpoint, work / "model.safetensors")
        for file in folder.iterdir():
            if is_inside(folder, file) and not any(file.match(pattern) for pattern in WEIGHTS):
                shutil.copyfile(file, work / file.name)
        for file in sorted(work.iterdir(), key=lambda file: file.name == CONFIG):
            file.replace(target / file.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _save(checkpoint: list[Path], target: Path) -> None:
    import torch
    from safetensors.torch import save_file

    tensors: dict[str, torch.Tensor] = {}
    for file in checkpoint:
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
            # tied weights share memory, which safetensors refuses
            tensors |= {name: tensor.clone().contiguous() for name, tensor in content.items()}
        except Exception as error:
            raise ModelError(f"{file}: is no checkpoint of tensors alone: {error}") from error
    save_file(tensors, target, metadata={"format": "pt"})
