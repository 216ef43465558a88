"""How much memory is in use, and whether it was too little."""

import psutil

from newsmoe.registry.device import Device

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "failed to allocate memory")
"""How torch and ONNX Runtime put it."""


def used_memory(device: Device) -> int:
    """Return the bytes in use: of the device's own memory where it has some, else of this process."""
    if device.kind == "cuda":
        import torch

        return torch.cuda.memory_allocated(device.name)
    return int(psutil.Process().memory_info().rss)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether there was too little memory, of the device or of the machine."""
    message = str(error).lower()
    return isinstance(error, MemoryError) or any(words in message for words in _OUT_OF_MEMORY)
