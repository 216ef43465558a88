"""The code behind cards: one module a kind, imported when an expert of it is built."""

from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from newsmoe.errors import CardError, nearest
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import CARD_FILE, Card
from newsmoe.registry.expert import Expert
from newsmoe.validation import Strict, describe

KINDS: Mapping[str, str] = {
    "chat-summarization": "newsmoe.registry.kinds.chat:Chat",
    "classifier": "newsmoe.registry.kinds.classifier:Classifier",
    "extractive": "newsmoe.registry.kinds.extractive:Extractive",
    "lead": "newsmoe.registry.kinds.lead:Lead",
    "seq2seq-summarization": "newsmoe.registry.kinds.seq2seq:Seq2Seq",
    "text-classification": "newsmoe.registry.kinds.text_classification:TextClassification",
    "zero-shot": "newsmoe.registry.kinds.zero_shot:ZeroShot",
    "zero-shot-nli": "newsmoe.registry.kinds.nli:Nli",
}
"""Kinds by name. A kind is a class that satisfies `Expert`, is made of (card, settings, workshop), and has
its settings as a pydantic model in `Settings`. One whose weights may be elsewhere says so in `missing(card,
settings)`, and which weights it would load in `identity(card, settings)`."""
SUMMARIZERS = frozenset({"chat-summarization", "extractive", "lead", "seq2seq-summarization"})


def build(card: Card, backbones: BackbonePool) -> Expert:
    """Make the expert that `card` describes, its weights not loaded yet."""
    kind = _kind(card)
    expert: Expert = kind(card, check_settings(card), backbones)
    return expert


def missing(card: Card) -> str | None:
    """Say what to do before the expert can be used, or None where all that it needs is on this machine."""
    look = getattr(_kind(card), "missing", None)
    found: str | None = look(card, check_settings(card)) if look else None
    return found


def prediction_columns(card: Card) -> tuple[str, ...]:
    """Return the keys under which the expert's answers hold text or a number; none where labels are many."""
    if card.kind in SUMMARIZERS:
        return ("summary",)
    return () if card.settings.get("multi_label") else ("label", "score")


def fingerprint(card: Card) -> str:
    """Hash of all that decides what the expert answers; "" where what it needs is not on this machine."""
    identify = getattr(_kind(card), "identity", None)
    if identify is None:
        return card.fingerprint()
    identity: str | None = identify(card, check_settings(card))
    return sha256(f"{card.fingerprint()} {identity}".encode()).hexdigest()[:16] if identity else ""


def check_settings(card: Card) -> Strict:
    """Return the settings as the kind understands them."""
    model: type[Strict] = _kind(card).Settings
    try:
        return model.model_validate(card.settings)
    except ValidationError as error:
        raise CardError(f"{card.folder / CARD_FILE}: [settings] {describe(error, model)}") from None


def _kind(card: Card) -> Any:
    if card.kind not in KINDS:
        raise CardError(f"{card.folder / CARD_FILE}: unknown kind {card.kind!r}; {nearest(card.kind, KINDS)}")
    module, _, name = KINDS[card.kind].partition(":")
    return getattr(import_module(module), name)
