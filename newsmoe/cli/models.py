"""`newsmoe experts pull` and `convert`: get experts' models onto this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.options import LoadSettings, NameArgument, registry_of, takes
from newsmoe.errors import ConfigError, RegistryError, UnknownExpertError, nearest
from newsmoe.text.cleaning import one_line

if TYPE_CHECKING:
    from newsmoe.registry.cards import Card
    from newsmoe.registry.hub.files import ModelSource
    from newsmoe.registry.hub.pull import Pulled, RemoteFile


@takes("experts_dir")
def pull(
    names: Annotated[
        list[str], typer.Argument(help="Experts whose models to download; minilm and large are the backbones.")
    ],
    load: LoadSettings,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Copy a backbone from this folder; download nothing.", metavar="DIR")
    ] = None,
) -> None:
    """Download the models of experts from the Hugging Face hub.

    Only safetensors, configs and tokenizers are downloaded, and each file is checked against the hub's hash. Files
    that are here already are not downloaded again. The command prints the commit, and the lines for newsmoe.toml
    that pin it. HF_HOME, HF_ENDPOINT and HF_TOKEN are used. 'newsmoe analyze' never downloads a model.
    """
    from newsmoe.registry.backbone.files import BACKBONES
    from newsmoe.registry.hub.pull import copy_backbone, pull_backbone
    from newsmoe.registry.hub.pull import pull as fetch

    experts = [name for name in names if name not in BACKBONES]
    if folder and (experts or len(names) != 1):
        raise ConfigError(f"--from copies one backbone, {' or '.join(BACKBONES)}; name it alone")
    for name in experts:
        existing = {*BACKBONES, *registry_of(load()).experts}
        if name not in existing:
            raise UnknownExpertError(f"no expert or backbone is called {name!r}; {nearest(name, existing)}")
    for name in names:
        if folder:
            typer.echo(f"{name}: copied, in {copy_backbone(BACKBONES[name], folder)}")
        elif name in BACKBONES:
            _say_pulled(name, BACKBONES[name].repository, pull_backbone(BACKBONES[name], _say_file))
    for name, source, card in _hub_experts(experts, load):
        pulled = fetch(source, card, _say_file)
        _say_pulled(name, source.model, pulled)
        if source.revision != pulled.commit:
            pinned = f'[experts.{name}]\nrevision = "{pulled.commit}"\n'
            typer.echo(f"To stay with this commit, write into newsmoe.toml:\n\n{pinned}")


@takes("experts_dir")
def convert(name: NameArgument, load: LoadSettings) -> None:
    """Download a model whose weights are a pickle, and convert them to safetensors.

    A pickle can run code when it is loaded. This command reads it with torch.load(weights_only=True), which accepts
    only tensors. Afterwards the expert works like any other.
    """
    from newsmoe.registry.extras import require_hub_extra
    from newsmoe.registry.hub.convert import convert as make
    from newsmoe.registry.hub.pull import pull as fetch

    require_hub_extra("newsmoe experts convert")
    ((_, source, card),) = _hub_experts([name], load)
    folder = source.folder(card) or fetch(source, card, _say_file, pickles=True).folder
    typer.echo(f"{name}: converted, in {make(folder, source, card)}")


def _hub_experts(names: list[str], load: LoadSettings) -> "list[tuple[str, ModelSource, Card]]":
    """Return the experts of these names with what they run."""
    from newsmoe.registry.hub.files import ModelSource
    from newsmoe.registry.kinds import check_settings

    registry = registry_of(load())
    experts = []
    for name in names:
        info = registry.info(name)
        if info.broken:
            raise RegistryError(f"expert {name!r} is broken: {info.broken}")
        source = check_settings(info.card) if info.card else None
        if info.card is None or not isinstance(source, ModelSource):
            help = info.missing or "there is nothing to fetch"
            raise RegistryError(f"expert {name!r} has no model of the hub: {help}")
        experts.append((name, source, info.card))
    return experts


def _say_file(file: "RemoteFile") -> None:
    typer.echo(f"{one_line(file.name)} ({file.size / 1e6:.1f} MB)", err=True)


def _say_pulled(name: str, model: str, pulled: "Pulled") -> None:
    size = sum(file.size for file in pulled.files) / 1e6
    typer.echo(f"{name}: {model} at {pulled.commit}, {size:.1f} MB, in {pulled.folder}")
