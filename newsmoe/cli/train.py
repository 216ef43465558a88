"""`newsmoe train`: experts of one's own data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import messages, plain
from newsmoe.cli.options import (
    EXAMPLES_PANEL,
    ContentOption,
    DataOption,
    FileArgument,
    HeadlineOption,
    LabelOption,
    LoadSettings,
    SummaryOption,
    needs_training_extra,
    refuse_example_options,
    registry_of,
    takes,
)
from newsmoe.errors import NewsmoeError

if TYPE_CHECKING:
    from newsmoe.training.recipe import AnyRecipe


@dataclass
class TrainOptions:
    """What an expert is trained from, and where it goes."""

    data: DataOption = Path()
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the expert; default: the recipe's folder.", metavar="DIR"),
    ] = None
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help="Name of the expert; default: the name of the file.", rich_help_panel=EXAMPLES_PANEL
        ),
    ] = None


@takes("device", config=False)
def classifier(
    context: typer.Context,
    file: FileArgument,
    load: LoadSettings,
    options: TrainOptions,
    task: Annotated[
        str | None,
        typer.Option(
            help="Task that it predicts; default: a task with the name of the expert.", rich_help_panel=EXAMPLES_PANEL
        ),
    ] = None,
    content: ContentOption = None,
    headline: HeadlineOption = None,
    label: LabelOption = "label",
    head_only: Annotated[
        bool,
        typer.Option(
            "--head-only", help="Train only the head: seconds instead of minutes.", rich_help_panel=EXAMPLES_PANEL
        ),
    ] = False,
) -> None:
    """Train a classifier on labelled texts: an adapter and a head on the backbone.

    From a file of examples, a fifth is held out for measuring, and a recipe is written to experts/NAME. To train
    with other settings, change the recipe and name it instead of the file. Interrupted training resumes.
    """
    needs_training_extra("training")
    from newsmoe.registry.labels import built_in_labels
    from newsmoe.training.recipe import ClassifierRecipe
    from newsmoe.training.scaffold import classifier_recipe

    def scaffold(expert: str) -> Path:
        keys = {"content": content, "headline": headline, "label": label}
        allowed = built_in_labels(registry_of(load()), task or expert)
        return classifier_recipe(file, expert, task=task, allowed=allowed, head_only=head_only, **keys)

    _make(context, file, options, ClassifierRecipe, scaffold, load)


@takes("device", config=False)
def summarizer(
    context: typer.Context,
    file: FileArgument,
    load: LoadSettings,
    options: TrainOptions,
    content: ContentOption = None,
    summary: SummaryOption = None,
) -> None:
    """Train a summarizer, which selects sentences, on articles with summaries.

    From a file of examples, a fifth is held out for measuring, and a recipe is written to experts/NAME. To train
    with other settings, change the recipe and name it instead of the file. Interrupted training resumes.
    """
    needs_training_extra("training")
    from newsmoe.training.recipe import SummarizerRecipe
    from newsmoe.training.scaffold import summarizer_recipe

    def scaffold(expert: str) -> Path:
        return summarizer_recipe(file, expert, content=content, summary=summary or "summary")

    _make(context, file, options, SummarizerRecipe, scaffold, load)


@takes("device", config=False)
def tagger(
    context: typer.Context,
    file: FileArgument,
    load: LoadSettings,
    options: TrainOptions,
    tokens: Annotated[
        str, typer.Option(help="Key of the list of words.", metavar="KEY", rich_help_panel=EXAMPLES_PANEL)
    ] = "tokens",
    tags: Annotated[
        str,
        typer.Option(
            help="Key of the list of their tags, such as O, B-Person, I-Person.",
            metavar="KEY",
            rich_help_panel=EXAMPLES_PANEL,
        ),
    ] = "tags",
) -> None:
    """Train a tagger of entities on texts in which every word has a tag.

    From a file of examples, a fifth is held out for measuring, and a recipe is written to experts/NAME. To train
    with other settings, change the recipe and name it instead of the file. Interrupted training resumes.
    """
    needs_training_extra("training")
    from newsmoe.training.recipe import TaggerRecipe
    from newsmoe.training.scaffold import tagger_recipe

    def scaffold(expert: str) -> Path:
        return tagger_recipe(file, expert, tokens=tokens, tags=tags)

    _make(context, file, options, TaggerRecipe, scaffold, load)


@takes("device", config=False)
def targets(
    context: typer.Context,
    file: FileArgument,
    load: LoadSettings,
    options: TrainOptions,
    content: ContentOption = None,
    target: Annotated[
        str, typer.Option(help="Key of the name in the text.", metavar="KEY", rich_help_panel=EXAMPLES_PANEL)
    ] = "target",
    label: LabelOption = "label",
) -> None:
    """Train an expert for the tone of a text towards somebody or something that it names.

    From a file of examples, a fifth is held out for measuring, and a recipe is written to experts/NAME. To train
    with other settings, change the recipe and name it instead of the file. Interrupted training resumes.
    """
    needs_training_extra("training")
    from newsmoe.training.recipe import TargetRecipe
    from newsmoe.training.scaffold import target_recipe

    def scaffold(expert: str) -> Path:
        return target_recipe(file, expert, content=content or "sentence", target=target, label=label)

    _make(context, file, options, TargetRecipe, scaffold, load)


@takes("device", config=False)
def joint(
    recipe: Annotated[Path, typer.Argument(help="Joint recipe, which names the recipes of its experts.")],
    load: LoadSettings,
    data: DataOption = Path(),
) -> None:
    """Train experts that share one adapter, so that an article is read once for all of them.

    The adapter is written to the folder of the joint recipe, each expert to the folder of its own recipe.
    Interrupted training resumes.
    """
    needs_training_extra("training")
    from newsmoe.cli.evaluate import show_evaluations
    from newsmoe.cli.progress import reporting
    from newsmoe.registry.device import Device
    from newsmoe.training.make import make_jointly
    from newsmoe.training.recipe import JointRecipe, read_recipe

    console = messages()
    joint_recipe = read_recipe(recipe, JointRecipe)
    with reporting(console) as report:
        evaluations = make_jointly(recipe, joint_recipe, data, Device(load().device), report)
    show_evaluations(evaluations)
    folders = ", ".join(normpath(recipe.parent / expert) for expert in joint_recipe.experts)
    console.print(plain(f"wrote the adapter to {recipe.parent}, and its experts to {folders}"), soft_wrap=True)


def _make(
    context: typer.Context,
    file: Path,
    options: TrainOptions,
    kind: "type[AnyRecipe]",
    scaffold: Callable[[str], Path],
    load: LoadSettings,
) -> None:
    """Train an expert by a recipe, or by one that `scaffold` writes for a file of examples, given the expert's name."""
    from newsmoe.cli.evaluate import show_evaluations
    from newsmoe.cli.progress import reporting
    from newsmoe.registry.device import Device
    from newsmoe.settings.sources import CONFIG_FILE
    from newsmoe.training.make import make_expert
    from newsmoe.training.recipe import read_recipe
    from newsmoe.training.scaffold import name_from

    console, made = messages(), None
    if file.suffix != ".toml":
        file = made = scaffold(options.name or name_from(file))
        console.print(plain(f"wrote {file}"), soft_wrap=True)
    else:
        refuse_example_options(context, f"change {file} instead")
    recipe = read_recipe(file, kind)
    folder = options.output or file.parent
    with taking_back(made), reporting(console) as report:
        evaluations = make_expert(file, recipe, options.data, folder, Device(load().device), report)
    show_evaluations(evaluations)
    use = f"newsmoe analyze news.json --tasks {recipe.task}"
    if any(expert.builtin for expert in registry_of(load()).pool(recipe.task)):  # they run until a rule says otherwise
        use = f'put [[rule]] and, below it, use = {{ {recipe.task} = "{recipe.name}" }} into {CONFIG_FILE}'
    console.print(plain(f"wrote {folder}; to use it: {use}"), soft_wrap=True)


@contextmanager
def taking_back(recipe: Path | None) -> Iterator[None]:
    """Remove a recipe that this command made, where nothing came of it: it would be in the way of the next try."""
    try:
        yield
    except NewsmoeError:
        if recipe is not None and [*recipe.parent.iterdir()] == [recipe]:
            recipe.unlink()
            recipe.parent.rmdir()
            messages().print(plain(f"removed {recipe}"), soft_wrap=True)
        raise
