from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from newsmoe.registry.backbone import pool as module
from newsmoe.registry.backbone.backbone import Backbone, Runtime
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.device import Device


def test_threads_share_one_backbone_a_device(quick_backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Device] = []
    together = Barrier(4)

    def load(files: object, device: Device) -> Runtime:
        loaded.append(device)
        return quick_backbone.runtime

    def get(device: Device) -> Backbone:
        together.wait(timeout=30)
        return pool.backbone(device)

    monkeypatch.setattr(module, "_runtime", load)
    pool = BackbonePool()
    devices = [Device(), Device(batch_tokens=64)] * 2
    with ThreadPoolExecutor(4) as threads:
        first, second, third, fourth = threads.map(get, devices)
    assert first is third
    assert second is fourth
    assert first is not second
    assert sorted(map(str, loaded)) == sorted(map(str, devices[:2]))
