"""What a page says of the runs that wrote its records, from the run reports beside them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsmoe.output.run_report import RunReport, default_report
from newsmoe.plugins import unpacked_name
from newsmoe.registry.cards import Measurement
from newsmoe.registry.registry import Registry

MAX_BYTES = 10_000_000


def reports_beside(paths: Iterable[Path]) -> list[RunReport]:
    """Return the run reports beside files of records; none where there is none, or another file."""
    return [report for path in paths if (report := _read(default_report(path.with_name(unpacked_name(path)))))]


def _read(path: Path) -> RunReport | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        values: Any = json.loads(path.read_bytes())
        return RunReport.model_validate({**values, "command": [str(part) for part in values.get("command", [])]})
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, ValidationError):
        return None


def measurements_of(names: Iterable[str]) -> dict[str, Measurement]:
    """Return how good the built-in experts of these names are, as far as that was measured."""
    experts = Registry(plugins=False).experts
    cards = {name: experts[name].card for name in names if name in experts}
    return {name: card.quality[0] for name, card in cards.items() if card is not None and card.quality}


def seconds_of(reports: Sequence[RunReport], expert: str) -> tuple[float, float, int]:
    """Return the seconds that an expert predicted, the seconds that it took to load, and how much was stored before."""
    stats = [report.experts[expert] for report in reports if expert in report.experts]
    return sum(s.seconds for s in stats), sum(s.load_seconds for s in stats), sum(s.reused for s in stats)
