"""A trained gate as it lies on disk: `gate.toml`, and `gate.safetensors` with the weights."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, ValidationError, model_validator

from newsmoe.errors import ConfigError, ModelError
from newsmoe.gating.features import FeatureName
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.settings.conditions import Condition
from newsmoe.settings.toml import read_toml
from newsmoe.validation import Authored, describe

GATE_FILE = "gate.toml"
WEIGHTS_FILE = "gate.safetensors"


class GateExpert(Authored):
    """An expert that the gate was trained for."""

    name: str
    fingerprint: str = ""  # at the time of the training; empty for a plug-in without one
    cost: float = Field(ge=0, le=1)  # of an article on average, as a share of what all experts cost together


class GateSettings(Authored):
    """How scores become a selection.

    `top_k` experts run, beside the `shared` ones, which always do (DeepSeekMoE's shared experts). `capacity`
    is the largest share of a window's articles that one expert takes, rounded up; the others go to their next
    choice (Switch's capacity factor, as a share). `budget` is the largest share of the cost of running every
    expert that a window may spend; articles that gain little get the cheapest expert. None: no limit.
    """

    top_k: int = Field(1, ge=1)
    shared: tuple[str, ...] = ()
    capacity: float | None = Field(None, gt=0, le=1)
    budget: float | None = Field(None, gt=0, le=1)

    @model_validator(mode="after")
    def _one_limit(self) -> "GateSettings":
        if self.capacity is not None and self.budget is not None:
            raise ValueError("capacity and budget exclude each other: a budget sends articles to one cheap expert")
        return self


class Excluded(Authored):
    """An expert that `newsmoe gate prune` excluded."""

    name: str
    share: float  # of the articles that it was selected for
    gain: float  # accuracy that the gate had by it
    saved: float  # cost without it, as a share of what the whole pool costs


class GateTraining(Authored):
    """What the weights were trained on."""

    data: tuple[str, ...]  # data sets, each with its licence
    command: str  # what makes the weights again


class MeasuredGate(Authored):
    """One system of the table on held-out data: figures by metric."""

    system: str
    figures: dict[str, float]


class GateCard(Authored):
    """A trained gate as its folder describes it."""

    kind: Literal["linear"] = "linear"
    task: str
    when: Condition = Condition()  # of which articles it decides; rules decide of the others
    features: tuple[FeatureName, ...] = Field(min_length=1)  # in the order of the weights' columns
    embedding: str = ""  # the expert whose adapter the embedding is computed with; empty: the bare backbone
    experts: tuple[GateExpert, ...] = Field(min_length=2)  # in the order of the weights' rows
    settings: GateSettings = GateSettings()
    regularization: float | None = None  # the inverse strength that cross-validation chose
    temperature: float | None = None  # that calibration divided weights and bias by
    training: GateTraining | None = None
    # experts that it was trained with and does without; `left_out` in files of earlier versions
    excluded: tuple[Excluded, ...] = Field((), validation_alias=AliasChoices("excluded", "left_out"))
    better: bool = False  # than the rules on held-out data by more than chance: it decides by default
    measured: tuple[MeasuredGate, ...] = ()
    curve: tuple[MeasuredGate, ...] = ()
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the experts."""
        return tuple(expert.name for expert in self.experts)

    def fingerprint(self) -> str:
        """Return a hash of everything that decides its scores, its experts' fingerprints included."""
        read = self.model_dump_json(include={"kind", "features", "embedding", "experts", "temperature"})
        try:
            weights = (self.folder / WEIGHTS_FILE).read_bytes()
        except OSError as error:
            raise ModelError(f"{self.folder / WEIGHTS_FILE}: cannot be loaded: {error}") from None
        return sha256(read.encode() + weights).hexdigest()[:16]


def read_gate(folder: Path) -> GateCard:
    """Read the gate in `folder`."""
    path = folder / GATE_FILE
    try:
        return GateCard.model_validate(read_toml(path) | {"folder": folder})
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe(error, GateCard)}") from None


def find_gates(roots: Iterable[Path], fits: Callable[[GateCard], bool] = lambda card: True) -> dict[str, GateCard]:
    """Return the fitting gates below `roots` by task; those of a later root replace earlier ones."""
    gates: dict[str, GateCard] = {}
    for root in roots:
        of_root: dict[str, GateCard] = {}
        for path in sorted(root.glob(f"*/{GATE_FILE}")):
            card = read_gate(path.parent)
            if not fits(card):
                continue
            if card.task in of_root:
                raise ConfigError(
                    f"two gates decide on {card.task!r}: {of_root[card.task].folder} and {card.folder};"
                    " name one of them with --gate"
                )
            of_root[card.task] = card
        gates |= of_root
    return gates


def check_experts(card: GateCard, pool: Sequence[ExpertInfo]) -> list[ExpertInfo]:
    """Return the gate's experts, in its order; it is an error if it was trained for other ones."""
    by_name: Mapping[str, ExpertInfo] = {info.name: info for info in pool}
    problems = []
    for expert in card.experts:
        info = by_name.get(expert.name)
        if info is None:
            problems.append(f"{expert.name} is gone")
        elif not info.missing and info.fingerprint() != expert.fingerprint:
            problems.append(f"{expert.name} has changed")
    if problems:
        raise ConfigError(
            f"{card.folder / GATE_FILE}: trained for other experts: {', '.join(problems)};"
            " train the gate again (newsmoe gate train), or use --gate rules"
        )
    for name in (*card.settings.shared, *filter(None, [card.embedding])):
        if name not in card.names:
            raise ConfigError(f"{card.folder / GATE_FILE}: {name!r} is none of its experts: {', '.join(card.names)}")
    return [by_name[name] for name in card.names]
