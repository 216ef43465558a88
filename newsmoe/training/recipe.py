"""`recipe.toml`: what an expert is trained on, and how, so that anybody can make it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from newsmoe.config import read_toml
from newsmoe.errors import ConfigError
from newsmoe.evaluation.labelled import LabelSource, Source, SummarySource
from newsmoe.registry.backbone.reading import LongInput
from newsmoe.registry.cards import Card
from newsmoe.registry.kinds.extractive import ExtractiveSettings
from newsmoe.validation import Strict, describe

__all__ = [
    "RECIPE_FILE",
    "AdapterRecipe",
    "AnyRecipe",
    "ClassifierRecipe",
    "Recipe",
    "SummarizerRecipe",
    "read_recipe",
    "recipe_of",
]

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
    """

    name: str
    task: str
    description: str = ""
    languages: tuple[str, ...] = ("en",)
    licence: str = "not stated"
    notes: str = ""
    adapter: AdapterRecipe | None = None
    train: tuple[Source, ...] = Field(min_length=1)
    dev: tuple[Source, ...] = Field(min_length=1)


class ClassifierRecipe(Recipe):
    """What a classifier is trained on, and how.

    Attributes:
        labels: what it may answer.
        long_input: how articles are read.
        regularization: inverse strength, scikit-learn's `C`.
        balanced: whether rare labels count more.
    """

    labels: tuple[str, ...] = Field(min_length=2)
    long_input: LongInput = "windows"
    regularization: float = Field(1.0, gt=0)
    balanced: bool = False
    train: tuple[LabelSource, ...] = Field(min_length=1)
    dev: tuple[LabelSource, ...] = Field(min_length=1)


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


AnyRecipe = ClassifierRecipe | SummarizerRecipe
KindOfRecipe = TypeVar("KindOfRecipe", bound=Recipe)
RECIPES: Mapping[str, type[AnyRecipe]] = {"classifier": ClassifierRecipe, "extractive": SummarizerRecipe}
"""What the experts of a kind are made from."""


def read_recipe(path: Path, recipe: type[KindOfRecipe]) -> KindOfRecipe:
    """Read a recipe.

    Raises:
        ConfigError: it cannot be read or makes no sense; names file and key.
    """
    try:
        return recipe.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe(error, recipe)}") from None


def recipe_of(card: Card) -> AnyRecipe | None:
    """Return the recipe in an expert's folder, if it has one.

    Raises:
        ConfigError: it makes no sense.
    """
    path = card.folder / RECIPE_FILE
    return read_recipe(path, RECIPES[card.kind]) if path.is_file() and card.kind in RECIPES else None
