"""`recipe.toml`: what an expert or gate is trained on, and how, so that anyone can train it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from newsmoe.datasets.sources import ChosenSource, DataSource, LabelSource, SummarySource, TextSource, UnlabelledSource
from newsmoe.datasets.tagged import TaggedSource
from newsmoe.datasets.targets import TargetSource
from newsmoe.errors import ConfigError
from newsmoe.evaluation.predictions import Target
from newsmoe.gating.features import FeatureName
from newsmoe.gating.gate_card import GateSettings
from newsmoe.registry.backbone.adapter import ADAPTER_FILE
from newsmoe.registry.backbone.files import BackboneName
from newsmoe.registry.backbone.reading import WINDOW_TOKENS, LongInput, ReadOn, WindowTokens
from newsmoe.registry.cards import Card, Name
from newsmoe.registry.kinds.extractive import ExtractiveSettings
from newsmoe.settings.conditions import Condition
from newsmoe.settings.toml import read_toml
from newsmoe.validation import Authored, describe

RECIPE_FILE = "recipe.toml"

Positive = Annotated[float, Field(gt=0)]


class AdapterRecipe(Authored):
    """How an adapter is trained; without it the backbone stays frozen, and only a head is fitted."""

    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)  # the adapter's output is scaled by alpha / rank
    # the lowest layer that is adapted; what those below it make of a text is computed once, and kept on disk
    first_layer: int = Field(0, ge=0)
    start: str | None = None  # folder of an expert whose adapter, and head if labels are equal, are the start
    # of channels, per window (Gal and Ghahramani 2016): per token, it would take as long as the forward pass
    dropout: float = Field(0.1, ge=0, lt=1)
    token_dropout: float = Field(0.1, ge=0, lt=1)  # share of tokens hidden in training
    cut: float = Field(0.0, ge=0, le=1)  # share of texts of which only the first sentences are read, as of teasers
    consistency: float = Field(0.0, ge=0)  # weight of R-Drop (Liang et al. 2021); 0: one pass, half the time
    epochs: int = Field(3, ge=1)  # the best one on dev data is used
    patience: int = Field(2, ge=1)  # epochs without improvement after which training stops
    learning_rate: float = Field(1e-3, gt=0)  # maximum, of the adapter
    head_learning_rate: float = Field(5e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    average: float = Field(0.998, ge=0, lt=1)  # decay of the exponential moving average of the weights
    batch_tokens: int = Field(2048, ge=1)  # maximum, padding included
    batch_items: int = Field(48, ge=1)
    seed: int = 0

    @model_validator(mode="after")
    def _same_text_for_lower_layers(self) -> "AdapterRecipe":
        if self.first_layer and (self.token_dropout or self.cut):
            raise ValueError("first_layer: set token_dropout and cut to 0, since the layers below read a text once")
        if self.first_layer and self.start:
            raise ValueError("`first_layer` and `start`: the start says which layers are adapted; leave one out")
        return self

    def start_folder(self, home: Path) -> Path | None:
        """Return the folder of the expert to start from, given the recipe's; None: the adapter is new."""
        if self.start is None:
            return None
        folder = home / self.start
        if not (folder / ADAPTER_FILE).is_file():
            raise ConfigError(f"{folder / ADAPTER_FILE}: not found; the recipe's 'start' needs this adapter")
        return folder


class Recipe(Authored):
    """What an expert is trained on, and how."""

    name: Name  # also of the folder
    task: Name
    backbone: BackboneName = "minilm"
    description: str = ""
    languages: tuple[str, ...] = ("en",)
    licence: str = "not stated"  # of the weights
    notes: str = ""  # paragraphs for the model card: limits, gaps in the data
    adapter: AdapterRecipe | None = None
    shared_adapter: str = ""  # folder of the adapter, from the recipe's, where it is that of a joint recipe
    train: tuple[DataSource, ...] = Field(min_length=1)
    dev: tuple[DataSource, ...] = Field(min_length=1)  # to calibrate and measure on, never trained on
    unlabelled: tuple[DataSource, ...] = ()


class TaughtRecipe(Recipe):
    """What an expert is trained on that may learn from another one's probabilities."""

    teacher: str = ""  # folder of an expert of the same kind, from the recipe's, whose probabilities are learned too
    taught: tuple[TextSource, ...] = ()  # texts without labels; the teacher's probabilities are the whole target

    @model_validator(mode="after")
    def _taught_by_a_teacher(self) -> "TaughtRecipe":
        if self.taught and not self.teacher:
            raise ValueError("`taught` requires a `teacher`, the folder of the expert that labels these texts")
        return self


class ClassifierRecipe(TaughtRecipe, ReadOn):
    """What a classifier is trained on, and how."""

    labels: tuple[str, ...] = Field(min_length=2)
    long_input: LongInput = "windows"
    window_tokens: WindowTokens = WINDOW_TOKENS
    regularization: float = Field(1.0, gt=0)  # inverse strength, scikit-learn's `C`
    balanced: bool = False  # whether rare labels weigh more
    several: bool = False  # whether labels hold beside the best, where their score is over a threshold, fitted on dev
    max_labels: int = Field(3, ge=1)  # how many hold at most
    others_share: float = Field(0.25, ge=0, lt=1)  # of the target, for labels that a second reader could have given
    train: tuple[LabelSource, ...] = Field(min_length=1)
    dev: tuple[LabelSource, ...] = Field(min_length=1)
    unlabelled: tuple[UnlabelledSource, ...] = ()  # for a second round, labelled by the first (self-training)
    teacher_share: float = Field(0.5, ge=0, le=1)  # of the target, for a text with a label
    second_epochs: int | None = Field(None, ge=1)  # default: as many as in the first round

    @model_validator(mode="after")
    def _one_adapter(self) -> "ClassifierRecipe":
        if self.shared_adapter and self.adapter is not None:
            raise ValueError("`shared_adapter` and `adapter`: an expert has one adapter")
        return self

    @model_validator(mode="after")
    def _adapter_for_a_teacher(self) -> "ClassifierRecipe":
        if self.teacher and not (self.adapter or self.shared_adapter):
            raise ValueError("`teacher` requires an adapter; add an [adapter] table")
        return self

    @model_validator(mode="after")
    def _second_round_needs_adapter(self) -> "ClassifierRecipe":
        if self.unlabelled and self.adapter is None:
            raise ValueError("`unlabelled` requires an adapter; add an [adapter] table")
        return self


def _by_key(key: str, other: str) -> Discriminator:
    """Return what tells a source that has a key, and is named by it, from the other kind."""

    def kind(source: object) -> str:
        keys = source.keys() if isinstance(source, Mapping) else getattr(type(source), "model_fields", ())
        return key if key in keys else other

    return Discriminator(kind)


Sentences = Annotated[
    Annotated[SummarySource, Tag("summary")] | Annotated[ChosenSource, Tag("chosen")], _by_key("chosen", "summary")
]
"""A source with a `chosen` key has the sentences of a reader, any other summaries."""


class SummarizerRecipe(TaughtRecipe):
    """What a summarizer that ranks sentences is trained on, and how; a teacher labels the `taught` texts alone."""

    adapter: AdapterRecipe = AdapterRecipe()  # of its own, unless it shares one
    settings: ExtractiveSettings = ExtractiveSettings(long_input="head")  # the two limits are fitted
    ranking: float = Field(0.3, ge=0)  # weight of the loss on the ranking of an article's sentences
    place_dropout: float = Field(0.2, ge=0, lt=1)  # share of articles without the places of their sentences
    train: tuple[Sentences, ...] = Field(min_length=1)
    dev: tuple[Sentences, ...] = Field(min_length=1)


class TargetRecipe(Recipe):
    """What an expert for the tone towards something is trained on, and how."""

    labels: tuple[str, ...] = Field(min_length=2)
    tagger: str  # the expert that finds the entities of an article: a built-in one's name, or a folder with a `/`
    types: tuple[str, ...] = ()  # of entity that get a label; none: all
    adapter: AdapterRecipe = AdapterRecipe()
    train: tuple[TargetSource, ...] = Field(min_length=1)
    dev: tuple[TargetSource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole_texts(self) -> "TargetRecipe":
        if self.adapter.cut:
            raise ValueError("set the adapter's `cut` to 0: a text that is cut may lose its target")
        return self


class TaggerRecipe(Recipe):
    """What a tagger of entities is trained on, and how."""

    types: tuple[str, ...] = Field(min_length=1)  # of entity
    adapter: AdapterRecipe = AdapterRecipe()
    train: tuple[TaggedSource, ...] = Field(min_length=1)
    dev: tuple[TaggedSource, ...] = Field(min_length=1)


class JointRecipe(Authored):
    """An adapter that several experts share, and that is trained for all of them at once.

    An article that several of them learn from is read once in training, and so it is in use.
    """

    name: Name  # also of the folder
    backbone: BackboneName = "minilm"
    experts: tuple[str, ...] = Field(min_length=1)  # folders of the experts' recipes, from this one's
    adapter: AdapterRecipe


class BalanceRecipe(Authored):
    """Noisy top-k training with losses that balance the load (Shazeer et al. 2017, appendix A)."""

    importance: float = Field(0.1, ge=0)  # weight of the unevenness of each expert's sum of gates
    load: float = Field(0.1, ge=0)  # weight of the unevenness of the expected numbers of articles
    steps: int = Field(300, ge=1)  # of Adam, each on all data
    learning_rate: float = Field(0.02, gt=0)


Examples = Annotated[
    Annotated[LabelSource, Tag("label")] | Annotated[SummarySource, Tag("summary")], _by_key("summary", "label")
]
"""A source with a `summary` key has summaries, any other labels."""


class GateRecipe(Authored):
    """What a gate is trained on, and how."""

    name: Name  # also of the folder
    task: Name
    notes: str = ""  # paragraphs for the gate's page
    when: Condition = Condition()  # of which articles it decides; all examples should be such
    experts: tuple[str, ...] = ()  # default: those of the task whose models are on this machine
    features: tuple[FeatureName, ...] = ("embedding",)
    embedding: str = ""  # the expert whose adapter the gate reads with; empty: the bare backbone
    settings: GateSettings = GateSettings()
    target: Target | None = None  # default: `probability` with labels, `rouge` with summaries
    temperature: float = Field(0.1, gt=0)  # of the soft targets; the lower, the more the best is preferred
    cost_weight: float = Field(0.0, ge=0)  # success that is worth the cost of running all experts
    token_costs: dict[str, Positive] = {}  # of a token that a model reads, by expert; default: 1
    # inverse strengths to choose from by cross-validation, scikit-learn's `C`
    regularization: tuple[Positive, ...] = Field((0.0003, 0.001, 0.01, 0.1, 1.0), min_length=1)
    folds: int = Field(5, ge=2)  # of cross-validation
    calibrate: bool = True  # divide scores by the temperature that makes them probabilities (Guo et al. 2017)
    balance: BalanceRecipe | None = None
    seed: int = 0  # of folds and noise
    train: tuple[Examples, ...] = Field(min_length=1)
    dev: tuple[Examples, ...] = Field(min_length=1)  # to measure on, never trained on

    @model_validator(mode="after")
    def _one_kind_of_source(self) -> "GateRecipe":
        kinds = {type(source) for source in (*self.train, *self.dev)}
        if len(kinds) > 1:
            raise ValueError("some sources have labels and some a summary; a gate can only use one of the two")
        if self.target and kinds != {SummarySource if self.target.startswith("rouge") else LabelSource}:
            raise ValueError(f"target {self.target!r} does not fit these sources; only summaries have ROUGE")
        return self


SharingRecipe = ClassifierRecipe | SummarizerRecipe | TaggerRecipe
"""Those whose experts may share an adapter."""

AnyRecipe = SharingRecipe | TargetRecipe
KindOfRecipe = TypeVar("KindOfRecipe", bound=Authored)
RECIPES: Mapping[str, type[AnyRecipe]] = {
    "classifier": ClassifierRecipe,
    "extractive": SummarizerRecipe,
    "tagger": TaggerRecipe,
    "target-classifier": TargetRecipe,
}
"""The recipes of the kinds of expert."""


def read_recipe(path: Path, recipe: type[KindOfRecipe]) -> KindOfRecipe:
    """Read a recipe; paths in it that begin with `./` become relative to its folder."""
    values = read_toml(path)
    for part in ("train", "dev", "unlabelled", "taught"):
        sources = values.get(part)
        for source in sources if isinstance(sources, list) else ():
            for key in {"path", "annotations"} & source.keys() if isinstance(source, dict) else ():
                if str(source[key]).startswith("./"):
                    source.setdefault("name", source["path"])
                    source[key] = str((path.parent / source[key]).resolve())
    try:
        return recipe.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe(error, recipe)}") from None


def read_any_recipe(path: Path) -> AnyRecipe:
    """Read the recipe of an expert, whose kind shows by its keys."""
    keys = read_toml(path).keys()
    kinds: dict[str, type[AnyRecipe]] = {"tagger": TargetRecipe, "labels": ClassifierRecipe, "types": TaggerRecipe}
    return read_recipe(path, next((kind for key, kind in kinds.items() if key in keys), SummarizerRecipe))


def recipe_of(card: Card) -> AnyRecipe | None:
    """Return the recipe in an expert's folder, if there is one."""
    path = card.folder / RECIPE_FILE
    return read_recipe(path, RECIPES[card.kind]) if path.is_file() and card.kind in RECIPES else None
