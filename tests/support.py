"""What the tests of several folders share."""

import json
import logging
from pathlib import Path
from typing import Any

from newsmoe import Device, Registry
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.files import BackboneName
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.expert import Expert
from newsmoe.testing import FakeExpert

SAMPLE = Path(__file__).parent.parent / "data" / "news-data.json"
RECORD_KEYS = [
    *("id", "headline", "url", "publication_date", "source", "author", "language", "status"),
    *("analyses", "route", "errors", "input"),
]


class LogCapture(logging.Handler):
    """Keeps what is logged while a test runs."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def set_level(self, level: int) -> None:
        """Keep what is at least this grave; without it, warnings."""
        logging.getLogger().setLevel(level)

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    @property
    def text(self) -> str:
        """The messages and the tracebacks that are logged with them."""
        return "\n".join(self.format(record) for record in self.records)


class LentBackbone(BackbonePool):
    """A pool that returns a backbone which exists already."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.lent = backbone

    def backbone(self, device: Device, name: BackboneName = "minilm") -> Backbone:
        return self.lent


class LoadCounting(FakeExpert):
    """Records the devices that it is loaded on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.loads: list[Device] = []

    def load(self, device: Device) -> None:
        super().load(device)
        self.loads.append(device)


class WithoutFingerprint(FakeExpert):
    """Fails when its fingerprint is read."""

    @property
    def fingerprint(self) -> str:
        raise RuntimeError("who knows")


def registry_of(*experts: Expert, backbone: Backbone | None = None) -> Registry:
    """Return a registry of these experts alone, with this backbone if there is one."""
    registry = Registry(plugins=False, builtin=False)
    if backbone:
        registry.backbones = LentBackbone(backbone)
    for expert in experts:
        registry.add(expert)
    return registry


def write(path: Path, elements: object) -> Path:
    """Write elements as a JSON array; return its path."""
    path.write_text(json.dumps(elements), encoding="utf-8")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """Return the records of a JSON array."""
    records: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return records


def numbered(path: Path, first: int, count: int) -> str:
    """Write articles whose ids are consecutive numbers; return the path."""
    return str(write(path, [{"id": number, "headline": "x"} for number in range(first, first + count)]))


def silent(what: str, done: int, of: int) -> None:
    """Ignore reports of progress."""
