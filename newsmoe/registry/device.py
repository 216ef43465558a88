"""Where models run."""

from dataclasses import dataclass, replace

from newsmoe.errors import ConfigError
from newsmoe.registry.extras import hub_extra_missing
from newsmoe.settings.model import Settings

DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """Where models run, and how much they compute at a time.

    Attributes:
        name: `cpu`, `cuda`, `cuda:1` or `mps`, as torch spells it; `auto` is the best available.
        threads: processor threads a model may use; None leaves it to the runtime.
        batch_tokens: tokens in one forward pass, padding included, exceeded by a single text only; None
            leaves it to the model.
    """

    name: str = "cpu"
    threads: int | None = None
    batch_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.name != "auto" and self.kind not in DEVICES:
            raise ConfigError(f"unknown device {self.name!r}; use auto, {', '.join(DEVICES)} or cuda:N")

    @property
    def kind(self) -> str:
        """The name without a number: `cuda` of `cuda:1`."""
        return self.name.split(":")[0]

    def resolve(self) -> "Device":
        """Return the device that `auto` stands for: a processor where torch is not installed.

        Raises:
            ConfigError: the device, or torch for it, is not on this machine.
        """
        if self.name == "cpu":
            return self
        available = []
        if not (message := hub_extra_missing(f"device {self.name!r}")):
            import torch

            kinds = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
            available = [kind for kind, is_available in kinds.items() if is_available]
        if self.name == "auto":
            return replace(self, name=available[0] if available else "cpu")
        if self.kind not in available:
            absent = f"device {self.name!r} is not on this machine; use --device cpu or auto"
            raise ConfigError(message or absent)
        return self


def device_of(settings: Settings) -> Device:
    """Return the device that the settings name.

    Raises:
        ConfigError: it is not on this machine.
    """
    return Device(settings.device, settings.threads, settings.batch_tokens).resolve()
