"""The backbones that experts share."""

from threading import Lock
from typing import TYPE_CHECKING

from newsmoe.registry.backbone.files import BackboneFiles, BackboneName, find_backbone
from newsmoe.registry.device import Device
from newsmoe.registry.extras import require_hub_extra

if TYPE_CHECKING:
    from newsmoe.registry.backbone.backbone import Backbone, Runtime


class BackbonePool:
    """Loads each backbone once a device, however many experts and threads use it."""

    def __init__(self) -> None:
        self._backbones: dict[tuple[BackboneName, Device], Backbone] = {}
        self._loading = Lock()

    def backbone(self, device: Device, name: BackboneName = "minilm") -> "Backbone":
        """Return a backbone on `device`, loaded on the first call."""
        with self._loading:
            if (name, device) not in self._backbones:
                from newsmoe.registry.backbone.backbone import Backbone

                files = find_backbone(name)
                self._backbones[name, device] = Backbone(files, _runtime(files, device))
            return self._backbones[name, device]

    def forget(self) -> None:
        """Drop what the backbones have computed."""
        for backbone in list(self._backbones.values()):
            backbone.forget()


def _runtime(files: BackboneFiles, device: Device) -> "Runtime":
    """Return ONNX Runtime on a processor, torch on anything else."""
    if device.name == "cpu":
        from newsmoe.registry.backbone.onnx_runtime import OnnxRuntime

        return OnnxRuntime(files, device)
    require_hub_extra(f"device {device.name!r}")
    from newsmoe.registry.backbone.torch_runtime import TorchRuntime

    return TorchRuntime(files, device)
