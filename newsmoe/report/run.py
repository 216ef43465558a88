"""What a page says of the runs that wrote its records, from the run reports beside them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsmoe.output.run_report import ExpertStats, RunReport, default_report
from newsmoe.paths import unpacked_name
from newsmoe.registry.cards import Measurement
from newsmoe.registry.registry import Registry
from newsmoe.report.figures import Figures, ranked
from newsmoe.report.payload import MAX_NAME, MAX_REASON
from newsmoe.report.rows import MAX_LABEL, Row, cut
from newsmoe.report.words import percent
from newsmoe.text.counts import plural

MAX_BYTES = 10_000_000
MAX_FACTS = 20  # notices and unreadable inputs of a run
MAX_REPORTS = 50


def reports_beside(paths: Iterable[Path]) -> list[RunReport]:
    """Return the run reports beside files of records; none where there is none, or another file.

    Outputs whose names differ in the suffix alone share one, that of the last run.
    """
    outputs = (path.with_name(unpacked_name(path)) for path in paths)
    reports = ((output, _read(default_report(output))) for output in outputs)
    return [report for output, report in reports if report and Path(report.output).suffix == output.suffix]


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


def run_section(figures: Figures, rows: Sequence[Row], reports: Sequence[RunReport]) -> dict[str, Any]:
    """Return what the page says of the runs: their experts, abstentions, errors, and what is in the reports."""
    tasks = {
        cut(entry.expert, MAX_LABEL): cut(entry.task, MAX_LABEL)
        for row in rows
        for entry in row.record.route
        if entry.expert
    }
    note = "Which experts read how many articles, as the records say."
    if reports:
        note += " What several experts compute together is in the time of the first one."
    else:
        note += " There is no run report beside the records, so times and versions are not known."
    return {
        "note": note,
        "experts": [_expert(name, tasks[name], figures, reports) for name in ranked(figures.experts)],
        "abstentions": [(cut(name, MAX_LABEL), count) for name, count in sorted(figures.abstentions.items())],
        "errors": [(cut(name, MAX_LABEL), count) for name, count in figures.errors.most_common(MAX_FACTS)],
        "reports": [
            {"name": cut(report.output, MAX_NAME), "facts": list(_facts(report))} for report in reports[:MAX_REPORTS]
        ],
    }


def _expert(name: str, task: str, figures: Figures, reports: Sequence[RunReport]) -> dict[str, str]:
    stats = ExpertStats()
    for report in reports:
        stats.add(report.experts.get(name, ExpertStats()))
    return {
        "name": name,
        "task": task,
        "articles": f"{figures.experts[name]:,}",
        "share": percent(figures.experts[name], figures.articles),
        "reused": f"{stats.reused:,}",
        "errors": f"{stats.errors:,}",
        "seconds": f"{stats.seconds:.1f}",
        "load_seconds": f"{stats.load_seconds:.1f}",
    }


def _facts(report: RunReport) -> Iterator[tuple[str, str]]:
    """Yield what is known of a run, as term and value."""
    rate = f", {report.items / report.seconds:.0f} articles a second" if report.seconds else ""
    in_gate = percent(report.gate_seconds, report.seconds)
    yield "Command", cut(" ".join(["newsmoe", *report.command]), MAX_REASON) if report.command else "by a program"
    yield "Started", f"{report.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield "Time", f"{report.seconds:.1f} s{rate}; {report.gate_seconds:.2f} s of it in the gate ({in_gate})"
    yield "Read", f"{plural(report.items, 'article')}, {report.tokens:,} tokens, on {cut(report.device, MAX_LABEL)}"
    yield "Gate", cut(report.gate, MAX_LABEL)
    yield "Exit code", str(report.exit_code)
    if report.failure:
        yield "Failure", cut(f"{report.failure.type}: {report.failure.message}", MAX_REASON)
    for name, reason in list(report.unreadable.items())[:MAX_FACTS]:
        yield "Not read", cut(f"{name}: {reason}", MAX_REASON)
    for notice in report.notices[:MAX_FACTS]:
        yield "Notice", cut(notice, MAX_REASON)
    yield "Versions", ", ".join(_versions(report.versions.items()))


def _versions(versions: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, version in list(versions)[:MAX_FACTS]:
        yield cut(f"{name} {version}", MAX_LABEL)
