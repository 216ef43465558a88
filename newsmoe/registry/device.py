"""Where models run."""

from dataclasses import dataclass

from newsmoe.errors import ConfigError

DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """Where models run.

    Attributes:
        name: `cpu`, `cuda`, `cuda:1` or `mps`, as torch spells it; `auto` is the best that is there.
        threads: processor threads a model may use; None leaves it to the runtime.
    """

    name: str = "cpu"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.name != "auto" and self.kind not in DEVICES:
            raise ConfigError(f"device {self.name!r} is not known; use auto, {', '.join(DEVICES)} or cuda:N")

    @property
    def kind(self) -> str:
        """The name without a number: `cuda` of `cuda:1`."""
        return self.name.split(":")[0]

    def resolve(self) -> "Device":
        """Return the device that `auto` stands for; imports torch to find out.

        Raises:
            ConfigError: the device is not there.
        """
        if self.name == "cpu":
            return self
        import torch

        available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        there = [kind for kind, found in available.items() if found]
        if self.name == "auto":
            return Device(there[0] if there else "cpu", self.threads)
        if self.kind not in there:
            raise ConfigError(f"device {self.name!r} is not on this machine; use --device cpu or auto")
        return self
