"""How far the serving runtime is from torch, the reference."""

from collections.abc import Sequence

from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.device import Device
from newsmoe.registry.extras import require_hub_extra

MAX_DISTANCE = {"fp32": 1e-4, "int8": 0.05}
"""By precision, what counts as rounding: 1 minus the cosine of a window's two vectors."""


def reference_of(backbone: Backbone) -> Backbone:
    """Return the same backbone in torch."""
    require_hub_extra("the reference in torch")
    from newsmoe.registry.backbone.torch_runtime import TorchRuntime

    return Backbone(backbone.files, TorchRuntime(backbone.files, Device()))


def distance(backbone: Backbone, reference: Backbone, adapter: Adapter | None, windows: Sequence[Window]) -> float:
    """Return the largest distance between a window's vector and the reference's: 1 minus their cosine."""
    pairs = zip(backbone.encode(windows, adapter), reference.encode(windows, adapter), strict=True)
    return max(0.0, 1.0 - min(float(served.window @ expected.window) for served, expected in pairs))
