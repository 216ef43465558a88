"""`newsmoe experts`: see, try and make experts."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import plain, print_json, results, table
from newsmoe.cli.logs import show_logs
from newsmoe.cli.options import JsonOption, LoadSettings, NameArgument, registry_of, takes

if TYPE_CHECKING:
    from newsmoe.registry.cards import Measurement
    from newsmoe.registry.device import Device
    from newsmoe.registry.expert import Expert
    from newsmoe.registry.expert_info import ExpertInfo
    from newsmoe.registry.registry import Registry
    from newsmoe.testing import Finding

MAIN_METRICS = ("accuracy", "F1", "ROUGE-2")


@takes("experts_dir")
def list_experts(load: LoadSettings, as_json: JsonOption = False) -> None:
    """List all experts: built-in experts, your own cards, and plug-ins."""
    experts = registry_of(load()).experts.values()
    if as_json:
        print_json(json.dumps([_as_record(info) for info in experts], indent=2, ensure_ascii=False))
        return
    rows = table("!name", "!task", "!here", "!reads", "what it is", "measured, %")
    for info in experts:
        if info.broken:
            rows.add_row(plain(info.name), "", "[red]broken[/red]", "", plain(info.broken, style="red"), "")
            continue
        here = "yes" if info.card else "plug-in"
        what = info.card.description if info.card else info.origin
        rows.add_row(
            plain(info.name),
            plain(info.task),
            plain("to pull", style="yellow") if info.missing else here,
            plain(" ".join(info.languages) or "any"),
            plain(what),
            plain(_in_short(info.card.quality) if info.card else ""),
        )
    results().print(rows)


@takes("experts_dir")
def show(name: NameArgument, load: LoadSettings, as_json: JsonOption = False) -> None:
    """Print the card of an expert: training data, licence, settings, measured quality."""
    record = _as_record(registry_of(load()).info(name))
    if as_json:
        print_json(json.dumps(record, indent=2, ensure_ascii=False))
        return
    rows = table("!", "")
    rows.show_header = False
    for key, value in record.items():
        if value not in (None, "", [], {}):
            for number, line in enumerate(_lines(value)):
                rows.add_row(plain("" if number else key, style="bold"), plain(line))
    results().print(rows)


def _lines(value: object) -> list[str]:
    """Return a value of a card in words: a line for each key of a table, and for each table of a list."""
    if isinstance(value, dict):
        return [f"{key}: {'; '.join(_lines(inner))}" for key, inner in value.items() if inner not in (None, "", [], {})]
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return ["; ".join(_lines(inner)) for inner in value]
    if isinstance(value, list):
        return ["; ".join(map(str, value))]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [f"{value:g}" if isinstance(value, float) else str(value)]


@takes("experts_dir")
def check(name: NameArgument, load: LoadSettings) -> None:
    """Load an expert and test it on three articles; exit code 1 if it breaks the contract of an expert."""
    from newsmoe.registry.device import Device

    settings = load()
    registry = registry_of(settings)
    expert = registry.build(name)
    console = results()
    failed = False
    for finding in _findings(expert, registry, Device(settings.device, settings.threads).resolve()):
        failed = failed or finding.problem is not None
        mark = plain("no ", style="red") if finding.problem else plain("yes", style="green")
        problem = plain(finding.problem or "", style="red")
        console.print(mark, plain(finding.requirement), problem, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _findings(expert: "Expert", registry: "Registry", device: "Device") -> "Iterator[Finding]":
    """Yield what the contract says, then whether labels are those of the task, and scores depend on the text."""
    from newsmoe.prediction import scores_of
    from newsmoe.registry.labels import labels_problem
    from newsmoe.testing import Finding, check_expert, constant_problem, readable_predictions

    for finding in check_expert(expert, device):
        yield finding
        if finding.problem:
            return
    predictions = readable_predictions(expert)
    labels = {label for each in predictions for label in scores_of(each)}
    yield Finding("predicts the labels of its task", labels_problem(registry, expert.name, labels))
    yield Finding("tells different texts apart", constant_problem(predictions))


@takes("experts_dir")
def compile_experts(
    load: LoadSettings,
    names: Annotated[list[str] | None, typer.Argument(help="Experts to compile; default: all with an adapter.")] = None,
) -> None:
    """Compile experts for this machine, and compare each with torch.

    'newsmoe analyze' compiles an expert when it first uses it, without the comparison. Exit code 1 if an expert
    differs by more than rounding.
    """
    from newsmoe.registry.backbone.reference import MAX_DISTANCE, distance, reference_of
    from newsmoe.registry.device import Device
    from newsmoe.registry.kinds.embedded import EmbeddedExpert
    from newsmoe.testing import ARTICLES

    show_logs(quiet=False)
    registry = registry_of(load())
    rows = table("!expert", "precision", ">distance from torch")
    references = {}
    far = False
    for name in names or [info.name for info in registry.experts.values() if not info.broken]:
        expert = registry.build(name)
        if not isinstance(expert, EmbeddedExpert):
            continue
        expert.load(Device())
        if expert.adapter is None and not names:
            continue
        backbone = expert.backbone
        if backbone not in references:
            references[backbone] = reference_of(backbone)
        windows = [window for article in ARTICLES for window in backbone.read(article).windows]
        cosine_distance = distance(backbone, references[backbone], expert.adapter, windows)
        precision = expert.adapter.precision if expert.adapter else "fp32"
        is_far = cosine_distance > MAX_DISTANCE[precision]
        far = far or is_far
        rows.add_row(plain(name), precision, plain(f"{cosine_distance:.6f}", style="red" if is_far else ""))
    results().print(rows)
    if far:
        raise typer.Exit(1)


def new(
    name: NameArgument,
    task: Annotated[
        str | None, typer.Option("--task", help="Task that it predicts; default: a task with the name of the expert.")
    ] = None,
    card: Annotated[bool, typer.Option("--card", help="Create a card only, without code.")] = False,
    parent: Annotated[
        Path | None,
        typer.Option(
            "--in", help="Folder to create it in; default: the current one; for cards ./experts.", metavar="DIR"
        ),
    ] = None,
) -> None:
    """Create an expert to start from: a plug-in package, or with --card a card without code."""
    from newsmoe.registry.scaffold import new_card, new_package
    from newsmoe.settings.sources import USER_FOLDER

    if card:
        folder = new_card(name, task, parent or USER_FOLDER)
        typer.echo(f"created {folder}/expert.toml: change its labels and their descriptions\n")
    else:
        folder = new_package(name, task, parent or Path())
        typer.echo(f"created {folder}: put your model into {folder}/{name.replace('-', '_')}/__init__.py\n")
        typer.echo(f"Install it:  pip install -e {folder}")
    typer.echo(f"Check it:    newsmoe experts check {name}\n")
    typer.echo(
        f'To send articles to it, add this rule to newsmoe.toml:\n\n[[rule]]\nuse = {{ {task or name} = "{name}" }}'
    )


def _in_short(quality: Sequence["Measurement"]) -> str:
    """Return the accuracy on the first data, or F1 or ROUGE-2; `experts show` has the others, and which data it is."""
    figures = quality[0].figures if quality else {}
    return next((f"{metric} {100 * figures[metric]:.1f}" for metric in MAIN_METRICS if metric in figures), "")


def _as_record(info: "ExpertInfo") -> dict[str, object]:
    card = info.card.model_dump(mode="json", exclude={"name", "task", "languages"}) if info.card else {}
    return {
        "name": info.name,
        "task": info.task,
        "languages": list(info.languages),
        "origin": info.origin,
        "broken": info.broken,
        "missing": info.missing,
        "fingerprint": info.fingerprint() or None,
        **card,
    }
