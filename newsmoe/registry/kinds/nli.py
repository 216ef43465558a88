"""Labels that nobody trained, by a model of natural language inference: does the text entail the label?"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field, field_validator

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Labels, Prediction
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.expert import HubExpert, HubSettings
from newsmoe.registry.hub.pieces import Piece
from newsmoe.registry.kinds.scores import softmax
from newsmoe.registry.kinds.text_classification import LongInput, choose_pieces


class NliSettings(HubSettings):
    """Labels with what they mean, put into a hypothesis about the text."""

    labels: dict[str, str] = Field(min_length=2, description="what each label means; '' if it says so itself")
    hypothesis: str = Field("This text is about {}.", description="what is claimed of the text, {} the label")
    long_input: LongInput = "head"

    @field_validator("hypothesis")
    @classmethod
    def _has_place(cls, hypothesis: str) -> str:
        if hypothesis.count("{}") != 1:
            raise ValueError("write {} once, where the label goes")
        return hypothesis


class Nli(HubExpert):
    """Answers with a distribution over the user's labels (Yin et al. 2019: entailment as classification)."""

    Settings = NliSettings
    columns = ("label", "score")
    architecture = "AutoModelForSequenceClassification"

    def __init__(self, card: Card, settings: NliSettings, backbones: BackbonePool) -> None:
        super().__init__(card, settings, backbones)
        self.settings = settings

    def prepare(self) -> None:
        """Find what the model calls entailment, and how much room the hypotheses leave."""
        own = {str(label).lower(): index for index, label in self.model.config.id2label.items()}
        entailing = [index for label, index in own.items() if label.startswith("entail")]
        if not entailing:
            raise ModelError(
                f"{self.name}: no model of inference, its labels are {', '.join(map(repr, own))}"
            )
        self.entailment = int(entailing[0])
        self.hypotheses = [
            self.settings.hypothesis.replace("{}", meaning or label)
            for label, meaning in self.settings.labels.items()
        ]
        self.limit -= self.tokenizer.num_special_tokens_to_add(pair=True) + max(self.count(self.hypotheses))
        if self.limit < 1:
            raise ModelError(f"{self.name}: the labels leave no room for the text; make them shorter")

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the label distribution of each article: the mean over its pieces, by their lengths."""
        self.loaded()
        read = [choose_pieces(self.cut(one, self.limit), self.settings.long_input) for one in articles]
        pairs = [
            (piece, hypothesis) for parts in read for piece in parts.pieces for hypothesis in self.hypotheses
        ]
        sizes = dict(zip(self.hypotheses, self.count(self.hypotheses), strict=True))
        logits = iter(
            self.in_batches(
                [piece.tokens + sizes[hypothesis] for piece, hypothesis in pairs],
                lambda batch: self._entailed([pairs[index] for index in batch]),
            )
        )
        predictions: list[Prediction] = []
        for article, parts in zip(articles, read, strict=True):
            own = np.array([[next(logits) for _ in self.hypotheses] for _ in parts.pieces])
            probabilities = softmax(own)
            mean = parts.mean(probabilities)
            scores = dict(zip(self.settings.labels, map(float, mean), strict=True))
            predictions.append(Labels(scores, self.input_stats(article, parts)))
        return predictions

    def _entailed(self, pairs: Sequence[tuple[Piece, str]]) -> list[float]:
        """Return the logit of entailment of each text and hypothesis."""
        import torch

        inputs = self.tokenizer(
            [piece.text for piece, _ in pairs],
            [hypothesis for _, hypothesis in pairs],
            padding=True,
            truncation="only_first",
            max_length=self.input_limit,
            return_tensors="pt",
        ).to(self.model.device)
        with torch.inference_mode():
            logits = self.model(**inputs).logits[:, self.entailment]
        found: list[float] = logits.double().cpu().tolist()
        return found
