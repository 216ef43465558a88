"""`recipe.toml`: what an expert is trained on, and how, so that anybody can make it again."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, ValidationError

from newsmoe.article import Article
from newsmoe.config import read_toml
from newsmoe.errors import ConfigError, InputError
from newsmoe.registry.backbone.reading import LongInput
from newsmoe.storage.readers import read_elements
from newsmoe.storage.text import clean_line, clean_text
from newsmoe.validation import Strict, describe

__all__ = ["AdapterRecipe", "Example", "Recipe", "Source", "read_recipe"]


class Example(NamedTuple):
    """A labelled article."""

    article: Article
    label: str


class Source(Strict):
    """A file of labelled texts: JSON Lines, one object a line.

    Attributes:
        path: below the folder of data that the command is given.
        name: what the data is called, for the card.
        licence: as published.
        headline: key of the headline, if there is one.
        content: key of the text, if there is one.
        label: key of the label.
        labels: from the data's labels to the expert's; labels that are not named are left out. Empty:
            they are the same.
        weight: how much an example counts against one of another source.
    """

    path: str
    name: str
    licence: str
    headline: str | None = None
    content: str | None = None
    label: str = "label"
    labels: dict[str, str] = {}
    weight: float = Field(1.0, gt=0)

    def examples(self, root: Path, known: tuple[str, ...]) -> Iterator[Example]:
        """Yield the labelled articles.

        Raises:
            InputError: the file cannot be read, or an element lacks a key or has a label that nobody knows.
        """
        path = root / self.path
        for number, element in enumerate(read_elements(str(path), path, lines=True), start=1):
            where = f"{path}: element {number}"
            if not isinstance(element, Mapping):
                raise InputError(f"{where}: expected an object, found {json.dumps(element)[:40]}")
            given = str(_value(element, self.label, where))
            label = self.labels.get(given) if self.labels else given
            if label is None:
                continue
            if label not in known:
                raise InputError(f"{where}: label {label!r} is not one of {', '.join(known)}")
            yield Example(self._article(element, where), label)

    def _article(self, element: Mapping[str, Any], where: str) -> Article:
        headline = clean_line(str(_value(element, self.headline, where))) if self.headline else ""
        content = clean_text(str(_value(element, self.content, where)))[0] if self.content else ""
        return Article(headline=headline, content=content, language="en")


def _value(element: Mapping[str, Any], key: str, where: str) -> Any:
    if element.get(key) is None:
        raise InputError(f"{where}: no value under {key!r}; keys: {', '.join(map(repr, element))}")
    return element[key]


class AdapterRecipe(Strict):
    """How an adapter is trained; without this table the backbone stays frozen, and only a head is fitted.

    Attributes:
        rank: of the change of each linear module.
        alpha: the change is scaled by alpha / rank.
        start: folder of an expert, relative to the recipe's, whose adapter training starts from.
        dropout: on the change's input; drawing it takes a processor half as long again as all the rest.
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
    dropout: float = Field(0.0, ge=0, lt=1)
    token_dropout: float = Field(0.05, ge=0, lt=1)
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
        labels: what it may answer.
        long_input: how articles of several windows are read.
        regularization: inverse strength, scikit-learn's `C`.
        balanced: whether rare labels count more.
        adapter: how an adapter is trained, if one is.
        train: sources to learn from.
        dev: sources to calibrate and measure on, never learnt from.
        notes: paragraphs for the model card: limits, what the data lacks.
    """

    name: str
    task: str
    description: str
    languages: tuple[str, ...]
    licence: str
    labels: tuple[str, ...] = Field(min_length=2)
    long_input: LongInput = "windows"
    regularization: float = Field(1.0, gt=0)
    balanced: bool = False
    adapter: AdapterRecipe | None = None
    train: tuple[Source, ...] = Field(min_length=1)
    dev: tuple[Source, ...] = Field(min_length=1)
    notes: str = ""


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigError: it cannot be read or makes no sense; names file and key.
    """
    try:
        return Recipe.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {describe(error, Recipe)}") from None
