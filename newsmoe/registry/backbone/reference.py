"""What serves held against torch, the reference."""

from collections.abc import Sequence

import numpy as np

from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.backbone.torch_runtime import TorchRuntime
from newsmoe.registry.device import Device

MAX_DISTANCE = {"fp32": 1e-4, "int8": 0.05}
"""By precision, what is still rounding: 1 minus the cosine of a window's two vectors."""


def reference_of(backbone: Backbone) -> Backbone:
    """Return the same backbone in torch."""
    return Backbone(backbone.files, TorchRuntime(backbone.files, Device()))


def distance(
    backbone: Backbone, reference: Backbone, adapter: Adapter | None, windows: Sequence[Window]
) -> float:
    """Return the largest distance between a window's vector and the reference's: 1 minus their cosine."""
    served, expected = backbone.encode(windows, adapter), reference.encode(windows, adapter)
    cosines = [float(one.window @ other.window) for one, other in zip(served, expected, strict=True)]
    return max(0.0, 1.0 - float(np.min(cosines)))
