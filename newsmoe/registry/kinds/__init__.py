"""The code behind cards: one class a kind, imported when a card of that kind is read."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from newsmoe.errors import CardError, PluginError
from newsmoe.plugins import Plugins
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import CARD_FILE, Card
from newsmoe.registry.expert import Expert
from newsmoe.validation import describe


class Kind(Protocol):
    """A class whose instances are experts, each made of a card.

    Attributes:
        Settings: validates the card's `[settings]`, and is passed on to the other functions.

    A kind may say more about its experts; what it leaves out has a default:
        missing(card, settings) -> str | None: what to do before the expert can be used; absent: nothing.
        identity(card, settings) -> str | None: what decides its predictions beside the card and the weights
            in its folder, None where that is not on this machine; absent: its predictions are not stored.
        columns: keys of its predictions that hold texts or a number and get a column each in tables, or a
            function of the settings that returns them; absent: none.
        stated_labels(settings) -> Iterable[str]: the labels that it predicts, as far as its settings say;
            absent: they are seen when it predicts.
    """

    Settings: type[BaseModel]

    def __call__(self, card: Card, settings: Any, backbones: BackbonePool) -> Expert:
        """Return the expert, its weights not loaded yet."""


KINDS: Plugins[Kind] = Plugins(
    "newsmoe.kinds",
    "kind",
    {
        "chat-summarization": "newsmoe.registry.kinds.chat:Chat",
        "classifier": "newsmoe.registry.kinds.classifier:Classifier",
        "extractive": "newsmoe.registry.kinds.extractive:Extractive",
        "lead": "newsmoe.registry.kinds.lead:Lead",
        "seq2seq-summarization": "newsmoe.registry.kinds.seq2seq:Seq2Seq",
        "tagger": "newsmoe.registry.kinds.tagger:Tagger",
        "target-classifier": "newsmoe.registry.kinds.target_classifier:TargetClassifier",
        "text-classification": "newsmoe.registry.kinds.text_classification:TextClassification",
        "token-classification": "newsmoe.registry.kinds.token_classification:TokenClassification",
        "zero-shot": "newsmoe.registry.kinds.zero_shot:ZeroShot",
        "zero-shot-nli": "newsmoe.registry.kinds.nli:Nli",
    },
    requires=("Settings",),
)


def build(card: Card, backbones: BackbonePool) -> Expert:
    """Return the expert that `card` describes, its weights not loaded yet."""
    return _kind(card)(card, check_settings(card), backbones)


def missing(card: Card) -> str | None:
    """Say what to do before the expert can be used, or None where all that it needs is on this machine."""
    check: Callable[..., str | None] | None = getattr(_kind(card), "missing", None)
    return check(card, check_settings(card)) if check else None


def prediction_columns(card: Card) -> tuple[str, ...]:
    """Return the keys under which the expert's predictions hold text or a number."""
    columns: Any = getattr(_kind(card), "columns", ())
    return tuple(columns(check_settings(card)) if callable(columns) else columns)


def stated_labels(card: Card) -> tuple[str, ...]:
    """Return the labels that the expert predicts, as far as its card says."""
    state: Any = getattr(_kind(card), "stated_labels", None)
    return tuple(state(check_settings(card))) if state else ()


def fingerprint(card: Card) -> str:
    """Return a hash of everything that decides the expert's predictions, or "" where that is unknown."""
    identify: Callable[..., str | None] | None = getattr(_kind(card), "identity", None)
    if identify is None:
        return card.fingerprint() if card.kind in KINDS.builtin else ""
    identity = identify(card, check_settings(card))
    return sha256(f"{card.fingerprint()} {identity}".encode()).hexdigest()[:16] if identity else ""


def check_settings(card: Card) -> Any:
    """Return the settings as the kind understands them."""
    model = _kind(card).Settings
    try:
        return model.model_validate(card.settings)
    except ValidationError as error:
        raise CardError(f"{card.folder / CARD_FILE}: [settings] {describe(error, model)}") from None


def _kind(card: Card) -> Kind:
    try:
        return KINDS.load(card.kind)
    except PluginError as error:
        raise CardError(f"{card.folder / CARD_FILE}: {error}") from error
