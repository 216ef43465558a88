"""The backbones that experts share."""

from threading import Lock
from typing import TYPE_CHECKING

from newsmoe.registry.device import Device
from newsmoe.registry.extras import require_hub_extra

if TYPE_CHECKING:
    from newsmoe.registry.backbone.backbone import Backbone, Runtime
    from newsmoe.registry.backbone.files import BackboneFiles


class BackbonePool:
    """Loads one backbone a device, however many experts and threads use it."""

    def __init__(self) -> None:
        self._backbones: dict[Device, Backbone] = {}
        self._loading = Lock()

    def backbone(self, device: Device) -> "Backbone":
        """Return the backbone on `device`, loaded on the first call."""
        with self._loading:
            if device not in self._backbones:
                from newsmoe.registry.backbone.backbone import Backbone
                from newsmoe.registry.backbone.files import find_backbone

                files = find_backbone()
                self._backbones[device] = Backbone(files, _runtime(files, device))
            return self._backbones[device]


def _runtime(files: "BackboneFiles", device: Device) -> "Runtime":
    """Return ONNX Runtime on a processor, torch on anything else."""
    if device.name == "cpu":
        from newsmoe.registry.backbone.onnx_runtime import OnnxRuntime

        return OnnxRuntime(files, device)
    require_hub_extra(f"device {device.name!r}")
    from newsmoe.registry.backbone.torch_runtime import TorchRuntime

    return TorchRuntime(files, device)
