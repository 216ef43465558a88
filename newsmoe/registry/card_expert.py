"""What the experts of all built-in kinds take from their card."""

from typing import Generic, TypeVar

from newsmoe.errors import PredictionError
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card, needs_content
from newsmoe.validation import Authored

S = TypeVar("S", bound=Authored)


class CardExpert(Generic[S]):
    """An expert that is described by a card; a kind adds the rest of `Expert`."""

    def __init__(self, card: Card, settings: S, backbones: BackbonePool) -> None:
        self.name = card.name
        self.task = card.task
        self.languages = card.languages
        self.needs_content = needs_content(card, settings)
        self.card = card
        self.settings = settings
        self.backbones = backbones

    def not_loaded(self) -> PredictionError:
        """Return what is raised where there are no weights to predict with."""
        return PredictionError(f"expert {self.name!r}: predict() was called before load()")
