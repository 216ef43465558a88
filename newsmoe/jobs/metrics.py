"""The stats of runs as Prometheus reads them, by prometheus_client (the extra `metrics`)."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from time import time
from typing import get_args

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from newsmoe.errors import OutputError
from newsmoe.output.atomic import check_folder, translate_errors, write_text
from newsmoe.output.run_report import RunStats
from newsmoe.record import Record

STATUSES = get_args(Record.model_fields["status"].annotation)
RUN = "newsmoe_run_"
LAST_SUCCESS = "newsmoe_last_success_timestamp_seconds"
OURS = b"# HELP newsmoe_"


class _Run(Collector):
    """The metrics of a command.

    They are gauges: each file tells of one command, and the next one's begins at 0 again.
    """

    def __init__(self, stats: RunStats, seconds: float, exit_code: int, ended: float, succeeded: float | None) -> None:
        self.stats = stats
        self.single = {
            "tokens": ("Tokens read of all articles, each counted once.", stats.tokens),
            "seconds": ("Seconds since the command began.", seconds),
            "timestamp_seconds": ("When this was written, in seconds since 1970.", ended),
            "exit_code": ("Exit code; of a watch that goes on, that of its last scan.", exit_code),
            "success": ("Whether the exit code is 0.", exit_code == 0),
        }
        self.succeeded = succeeded

    def collect(self) -> Iterator[Metric]:
        """Yield the families, each with all its samples."""
        yield from families(self.stats, RUN, GaugeMetricFamily)
        for name, (text, value) in self.single.items():
            yield GaugeMetricFamily(RUN + name, text, value)
        if self.succeeded is not None:
            yield GaugeMetricFamily(LAST_SUCCESS, "When the exit code was 0 for the last time.", self.succeeded)


def families(
    stats: RunStats, prefix: str, kind: type[GaugeMetricFamily] | type[CounterMetricFamily]
) -> Iterator[Metric]:
    """Yield what was counted of records, errors and experts, each with all its samples."""

    def family(
        name: str, text: str, labels: list[str], rows: Iterable[tuple[tuple[str, ...], float]]
    ) -> GaugeMetricFamily | CounterMetricFamily:
        made = kind(prefix + name, text, labels=labels)
        for key, value in rows:
            made.add_metric(key, value)
        return made

    statuses = [((status,), stats.statuses[status]) for status in STATUSES]
    yield family("items", "Records written, by status.", ["status"], statuses)
    yield family("errors", "Item errors.", ["stage", "expert"], sorted(stats.places.items()))
    by_expert = {
        "items": "Articles with a prediction of the expert.",
        "reused": "Those of them whose prediction was reused.",
        "tokens": "Tokens that the expert read.",
        "seconds": "Seconds in the expert's predictions.",
        "load_seconds": "Seconds in which the expert was loaded.",
    }
    for name, text in by_expert.items():
        values = [((expert,), getattr(counted, name)) for expert, counted in sorted(stats.experts.items())]
        yield family(f"expert_{name}", text, ["expert"], values)


def check_metrics(path: Path) -> None:
    """See whether metrics can be written to `path`."""
    check_folder(path)
    with translate_errors(path):
        if path.is_file():
            with path.open("rb") as file:
                start = file.read(len(OURS))
            if start not in (b"", OURS):
                raise OutputError(f"{path}: holds something else; name another file with --metrics")


def write_metrics(path: Path, stats: RunStats, seconds: float, exit_code: int) -> None:
    """Write what was done, for the textfile collector of Prometheus' node_exporter; whole or not at all."""
    check_metrics(path)
    ended = time()
    succeeded = ended if exit_code == 0 else _last_success(path)
    text = generate_latest(_Run(stats, seconds, exit_code, ended, succeeded)).decode()
    write_text(path, text)


def _last_success(path: Path) -> float | None:
    """Return when the metrics that are there say that all was well; None where they do not."""
    if not path.is_file():
        return None
    try:
        families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    samples = [sample for family in families for sample in family.samples]
    return next((sample.value for sample in samples if sample.name == LAST_SUCCESS), None)
