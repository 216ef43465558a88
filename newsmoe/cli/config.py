"""`newsmoe config`: the settings in force."""

from pathlib import Path

from newsmoe.cli.console import messages, plain, print_json
from newsmoe.cli.options import ConfigOption, load_settings


def show(config: ConfigOption = None) -> None:
    """Print the settings in force, and the file that they were read from."""
    from newsmoe.journal.store import without_password
    from newsmoe.settings.sources import find_config

    settings = load_settings(config)
    path = config or find_config(Path.cwd())
    messages().print(plain(f"read from {path}" if path else "no newsmoe.toml here or above"), soft_wrap=True)
    if settings.journal:
        settings = settings.model_copy(update={"journal": without_password(settings.journal)})
    print_json(settings.model_dump_json(indent=2, exclude_none=True))
