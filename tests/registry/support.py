"""Stand-ins around the backbone that tests of several rooms use."""

import numpy as np
from numpy.typing import NDArray

from newsmoe import Device
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone, Runtime
from newsmoe.registry.backbone.pool import BackbonePool


class Lent(BackbonePool):
    """A pool that returns a backbone which exists already."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.lent = backbone

    def backbone(self, device: Device) -> Backbone:
        return self.lent


class Counting:
    """A runtime that counts the windows which another one computes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.batch_tokens, self.workers = runtime.batch_tokens, 1
        self.windows = 0

    def hidden(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> NDArray[np.float32]:
        self.windows += len(ids)
        return self.runtime.hidden(ids, mask, adapter)
