"""A trained gate as it lies on disk: `gate.toml`, and `gate.safetensors` with the weights."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from newsmoe.errors import ConfigError, ModelError
from newsmoe.gating.features import FeatureName
from newsmoe.registry.registry import ExpertInfo
from newsmoe.settings.toml import read_toml
from newsmoe.validation import Strict, describe

GATE_FILE = "gate.toml"
WEIGHTS_FILE = "gate.safetensors"


class GateExpert(Strict):
    """An expert that the gate was trained for.

    Attributes:
        name: in the registry.
        fingerprint: what it was when the gate was trained; empty for a plug-in that has none.
        cost: what one article cost there on average, as a share of what all experts cost together; 0 where
            no model reads.
    """

    name: str
    fingerprint: str = ""
    cost: float = Field(ge=0, le=1)


class GateSettings(Strict):
    """How scores become a choice.

    Attributes:
        top_k: experts that answer, those that always do not counted.
        shared: experts that always answer, whatever their scores (DeepSeekMoE's shared experts).
        capacity: the largest share of a window's articles that one expert takes, rounded up; what is over
            goes to the article's next choice (Switch's capacity factor, as a share). None: no limit.
        budget: the largest share of the cost of asking everybody that a window may take; the articles
            that gain most get their choice, the others the cheapest expert. None: no limit.
    """

    top_k: int = Field(1, ge=1)
    shared: tuple[str, ...] = ()
    capacity: float | None = Field(None, gt=0, le=1)
    budget: float | None = Field(None, gt=0, le=1)

    @model_validator(mode="after")
    def _one_limit(self) -> "GateSettings":
        if self.capacity is not None and self.budget is not None:
            raise ValueError("capacity and budget exclude each other: what is saved goes to one cheap expert")
        return self


class Excluded(Strict):
    """An expert that `newsmoe gate prune` left out.

    Attributes:
        name: in the registry.
        share: of the articles that it was asked about.
        gain: accuracy that the gate had by it.
        saved: cost that the gate does without, as a share of what asking the whole pool costs.
    """

    name: str
    share: float
    gain: float
    saved: float


class GateTraining(Strict):
    """What the weights were made of."""

    data: tuple[str, ...] = Field(description="data sets, each with its licence")
    command: str = Field(description="what makes the weights again")


class MeasuredGate(Strict):
    """One system of the table on held-out data: figures by metric."""

    system: str
    figures: dict[str, float]


class GateCard(Strict):
    """A trained gate as its folder describes it.

    Attributes:
        kind: how features become scores.
        task: what it decides on.
        features: what it knows of an article, in the order of the weights' columns.
        embedding: the expert whose adapter reads for the gate; empty: the bare backbone reads.
        experts: whom it scores, in the order of the weights' rows.
        settings: how scores become a choice.
        regularization: the inverse strength that cross-validation chose.
        temperature: what calibration divided the scores by, weights and bias; None: they are not calibrated.
        training: what the weights were made of.
        left_out: experts that it was trained with and does without.
        better: whether it was better than the rules on held-out data by more than chance may give; then it
            decides by default.
        measured: the table on held-out data.
        curve: what the gate, chance and the oracle make of a budget there.
        folder: where it lies.
    """

    kind: Literal["linear"] = "linear"
    task: str
    features: tuple[FeatureName, ...] = Field(min_length=1)
    embedding: str = ""
    experts: tuple[GateExpert, ...] = Field(min_length=2)
    settings: GateSettings = GateSettings()
    regularization: float | None = None
    temperature: float | None = None
    training: GateTraining | None = None
    left_out: tuple[Excluded, ...] = ()
    better: bool = False
    measured: tuple[MeasuredGate, ...] = ()
    curve: tuple[MeasuredGate, ...] = ()
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the experts."""
        return tuple(expert.name for expert in self.experts)

    def fingerprint(self) -> str:
        """Return a hash of all that decides its scores; its experts' own fingerprints are among that."""
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


def find_gates(
    roots: Iterable[Path], fits: Callable[[GateCard], bool] = lambda card: True
) -> dict[str, GateCard]:
    """Return the gates in the folders below `roots` by task; those of a later root replace earlier ones."""
    found: dict[str, GateCard] = {}
    for root in roots:
        here: dict[str, GateCard] = {}
        for path in sorted(root.glob(f"*/{GATE_FILE}")):
            card = read_gate(path.parent)
            if not fits(card):
                continue
            if card.task in here:
                raise ConfigError(
                    f"two gates decide on {card.task!r}: {here[card.task].folder} and {card.folder};"
                    " name one of them with --gate"
                )
            here[card.task] = card
        found |= here
    return found


def check_experts(card: GateCard, pool: Sequence[ExpertInfo]) -> list[ExpertInfo]:
    """Return the gate's experts, in its order."""
    known: Mapping[str, ExpertInfo] = {info.name: info for info in pool}
    problems = []
    for expert in card.experts:
        info = known.get(expert.name)
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
            raise ConfigError(
                f"{card.folder / GATE_FILE}: {name!r} is none of its experts: {', '.join(card.names)}"
            )
    return [known[name] for name in card.names]
