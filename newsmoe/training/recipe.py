"""`recipe.toml`: what an expert is trained on, and how, so that anybody can make it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from newsmoe.datasets.sources import (
    LabelSource,
    Source,
    SummarySource,
    Target,
    UnlabelledSource,
)
from newsmoe.errors import ConfigError
from newsmoe.gating.features import FeatureName
from newsmoe.gating.gate_card import GateSettings
from newsmoe.registry.backbone.reading import LongInput
from newsmoe.registry.cards import Card, Name
from newsmoe.registry.kinds.extractive import ExtractiveSettings
from newsmoe.settings.toml import read_toml
from newsmoe.validation import Strict, describe

RECIPE_FILE = "recipe.toml"


class AdapterRecipe(Strict):
    """How an adapter is trained; without this table the backbone stays frozen, and only a head is fitted.

    Attributes:
        rank: of the change of each linear module.
        alpha: the change is scaled by alpha / rank.
        start: folder of an expert, relative to the recipe's, whose adapter training starts from, and
            whose head, where the labels are the same.
        dropout: share of channels that every half-layer leaves out, for a window at a time (Gal and
            Ghahramani 2016); drawn for each token, dropout takes a processor as long as the forward pass.
        token_dropout: share of tokens that are hidden from the model in training.
        consistency: weight of how much two passes over a text differ, each with a dropout of its own
            (R-Drop, Liang et al. 2021); 0: there is one pass, in half the time.
        epochs: times that the data is seen; the one that is best on dev data is kept.
        patience: epochs without a better one after which training stops.
        learning_rate: of the adapter, at its highest.
        head_learning_rate: of the head, at its highest.
        weight_decay: of adapter and head.
        average: how much of the averaged weights, which are those kept, stays from step to step.
        batch_tokens: most tokens in a batch, padding included.
        batch_items: most windows in a batch.
        seed: of order and dropout.
    """

    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    start: str | None = None
    dropout: float = Field(0.1, ge=0, lt=1)
    token_dropout: float = Field(0.1, ge=0, lt=1)
    consistency: float = Field(0.0, ge=0)
    epochs: int = Field(3, ge=1)
    patience: int = Field(2, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    head_learning_rate: float = Field(5e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    average: float = Field(0.998, ge=0, lt=1)
    batch_tokens: int = Field(2048, ge=1)
    batch_items: int = Field(48, ge=1)
    seed: int = 0


class Recipe(Strict):
    """What an expert is trained on, and how.

    Attributes:
        name: of the expert; its folder has the same name.
        task: what it answers.
        description: one sentence for people.
        languages: codes of the data's languages.
        licence: of the weights.
        notes: paragraphs for the model card: limits, what the data lacks.
        adapter: how an adapter is trained, if one is.
        train: sources to learn from.
        dev: sources to calibrate and measure on, never learnt from.
        unlabelled: sources to learn from without labels, where a kind can.
    """

    name: Name
    task: Name
    description: str = ""
    languages: tuple[str, ...] = ("en",)
    licence: str = "not stated"
    notes: str = ""
    adapter: AdapterRecipe | None = None
    train: tuple[Source, ...] = Field(min_length=1)
    dev: tuple[Source, ...] = Field(min_length=1)
    unlabelled: tuple[Source, ...] = ()


class ClassifierRecipe(Recipe):
    """What a classifier is trained on, and how.

    Attributes:
        labels: what it may answer.
        long_input: how articles are read.
        regularization: inverse strength, scikit-learn's `C`.
        balanced: whether rare labels count more.
        unlabelled: sources to learn from in a second round, with the labels that the expert itself, after the
            first, finds for what is said of the texts in short (self-training). So labels that are known
            from short texts alone are learnt for long ones.
        second_epochs: of that round; None: as many as of the first.
    """

    labels: tuple[str, ...] = Field(min_length=2)
    long_input: LongInput = "windows"
    regularization: float = Field(1.0, gt=0)
    balanced: bool = False
    train: tuple[LabelSource, ...] = Field(min_length=1)
    dev: tuple[LabelSource, ...] = Field(min_length=1)
    unlabelled: tuple[UnlabelledSource, ...] = ()
    second_epochs: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _trained_twice(self) -> "ClassifierRecipe":
        if self.unlabelled and self.adapter is None:
            raise ValueError("`unlabelled` is for experts with an adapter; there is no [adapter]")
        return self


class SummarizerRecipe(Recipe):
    """What a ranker of sentences is trained on, and how.

    Attributes:
        adapter: how the adapter is trained; there is no ranker without.
        settings: how articles are read, and bounds of the summaries; the threshold is fitted.
        ranking: how much the ranking of an article's sentences counts against their being chosen at all.
        place_dropout: share of articles whose sentences' places are hidden in training.
    """

    adapter: AdapterRecipe = AdapterRecipe()
    settings: ExtractiveSettings = ExtractiveSettings(long_input="head")
    ranking: float = Field(0.3, ge=0)
    place_dropout: float = Field(0.2, ge=0, lt=1)
    train: tuple[SummarySource, ...] = Field(min_length=1)
    dev: tuple[SummarySource, ...] = Field(min_length=1)


class BalanceRecipe(Strict):
    """Noisy top-k training with losses that spread the load (Shazeer et al. 2017, appendix A).

    Attributes:
        importance: weight of the squared coefficient of variation of what the gate gives each expert.
        load: weight of that of how many articles each expert is expected to get.
        steps: of Adam, each over all the data.
        learning_rate: of Adam.
    """

    importance: float = Field(0.1, ge=0)
    load: float = Field(0.1, ge=0)
    steps: int = Field(300, ge=1)
    learning_rate: float = Field(0.02, gt=0)


def _kind_of_source(source: object) -> str:
    named = source.keys() if isinstance(source, Mapping) else getattr(type(source), "model_fields", ())
    return "summary" if "summary" in named else "label"


Examples = Annotated[
    Annotated[LabelSource, Tag("label")] | Annotated[SummarySource, Tag("summary")],
    Discriminator(_kind_of_source),
]
"""Texts with labels, or with summaries where a source says under which key they stand."""


class GateRecipe(Strict):
    """What a gate is trained on, and how.

    Attributes:
        name: of the gate; its folder has the same name.
        task: what it decides on.
        notes: paragraphs for the gate's page.
        experts: whom it chooses from; empty: all of the task's pool whose models are on this machine.
        features: what it knows of an article.
        embedding: the expert whose adapter reads for the gate; empty: the bare backbone reads.
        settings: how scores become a choice.
        target: an expert's success. With labels `probability`, that it gives the right one, or `correct`,
            whether its answer is right, 0 or 1; with summaries `rouge`, the mean of ROUGE-1 and -2, or
            `rouge2`. Default: the first.
        temperature: of the soft targets, softmax(success / temperature); the smaller, the more the best
            expert is preferred to the others.
        cost_weight: success that an expert must gain to be worth the cost of asking everybody.
        token_costs: of a token, by expert; 1 where it is not named. Tokens are those that a model reads:
            `lead` reads none.
        regularization: inverse strengths that cross-validation chooses from, scikit-learn's `C`.
        folds: of cross-validation.
        calibrate: whether the scores are divided by the temperature that makes them, on held-out folds, the
            probability that an expert is the best (Guo et al. 2017).
        balance: noisy top-k training that spreads the load; without this table there is none.
        seed: of folds and noise.
        train: sources to learn from; one that names the key of a `summary` has summaries, others labels.
        dev: sources to measure on, never learnt from; each counts by its weight in the means.
    """

    name: Name
    task: Name
    notes: str = ""
    experts: tuple[str, ...] = ()
    features: tuple[FeatureName, ...] = ("embedding",)
    embedding: str = ""
    settings: GateSettings = GateSettings()
    target: Target | None = None
    temperature: float = Field(0.1, gt=0)
    cost_weight: float = Field(0.0, ge=0)
    token_costs: dict[str, Annotated[float, Field(gt=0)]] = {}
    regularization: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (0.0003, 0.001, 0.01, 0.1, 1.0), min_length=1
    )
    folds: int = Field(5, ge=2)
    calibrate: bool = True
    balance: BalanceRecipe | None = None
    seed: int = 0
    train: tuple[Examples, ...] = Field(min_length=1)
    dev: tuple[Examples, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _of_one_kind(self) -> "GateRecipe":
        kinds = {type(source) for source in (*self.train, *self.dev)}
        if len(kinds) > 1:
            raise ValueError("some sources have labels and some a summary; a gate learns from one of the two")
        if self.target and kinds != {SummarySource if self.target.startswith("rouge") else LabelSource}:
            raise ValueError(
                f"target {self.target!r} is not for these sources: rouge and rouge2 need a summary"
            )
        return self


AnyRecipe = ClassifierRecipe | SummarizerRecipe
KindOfRecipe = TypeVar("KindOfRecipe", bound=Strict)
RECIPES: Mapping[str, type[AnyRecipe]] = {"classifier": ClassifierRecipe, "extractive": SummarizerRecipe}
"""What the experts of a kind are made from."""


def read_recipe(path: Path, recipe: type[KindOfRecipe]) -> KindOfRecipe:
    """Read a recipe; paths in it that begin with `./` are relative to its own folder."""
    values = read_toml(path)
    for part in ("train", "dev", "unlabelled"):
        sources = values.get(part)
        for source in sources if isinstance(sources, list) else ():
            if isinstance(source, dict) and str(source.get("path")).startswith("./"):
                source.setdefault("name", source["path"])
                source["path"] = str((path.parent / source["path"]).resolve())
    try:
        return recipe.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe(error, recipe)}") from None


def recipe_of(card: Card) -> AnyRecipe | None:
    """Return the recipe in an expert's folder, if it has one."""
    path = card.folder / RECIPE_FILE
    return read_recipe(path, RECIPES[card.kind]) if path.is_file() and card.kind in RECIPES else None
