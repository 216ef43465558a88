"""What only some experts need, and is installed with an extra of newsmoe."""

from importlib.util import find_spec

from newsmoe.errors import ModelError

HUB_PACKAGES = ("torch", "transformers")


def hub_extra_missing(what: str) -> str | None:
    """Say how `what` gets torch and transformers, or None where both are installed."""
    if all(find_spec(package) for package in HUB_PACKAGES):
        return None
    return f"{what} needs {' and '.join(HUB_PACKAGES)}; pip install 'newsmoe[hub]'"


def require_hub_extra(what: str) -> None:
    """Raise an error that names the extra where torch or transformers is not installed."""
    if message := hub_extra_missing(what):
        raise ModelError(message)
