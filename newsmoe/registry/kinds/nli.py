"""Labels by a model of natural language inference, without training: does the text entail the label?"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field, field_validator

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Labels
from newsmoe.registry.hub.chunks import Chunk, ChunkedText
from newsmoe.registry.hub.expert import HubExpert, HubSettings
from newsmoe.registry.kinds.scores import softmax
from newsmoe.registry.kinds.text_classification import LongInput


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


class Nli(HubExpert[NliSettings]):
    """Predicts a distribution over the user's labels (Yin et al. 2019: entailment as classification)."""

    Settings = NliSettings
    columns = ("label", "score", "unsure")
    architecture = "AutoModelForSequenceClassification"

    @staticmethod
    def stated_labels(settings: NliSettings) -> tuple[str, ...]:
        """Return the labels that are predicted."""
        return tuple(settings.labels)

    def prepare(self) -> int:
        """Find the model's entailment label, and how much room the hypotheses leave."""
        indices = {str(label).lower(): index for index, label in self.model.config.id2label.items()}
        entailing = [index for label, index in indices.items() if label.startswith("entail")]
        if not entailing:
            raise ModelError(f"{self.name}: no model of inference; its labels: {', '.join(indices)}")
        self.entailment = int(entailing[0])
        meanings = [meaning or label for label, meaning in self.settings.labels.items()]
        self.hypotheses = [self.settings.hypothesis.replace("{}", meaning) for meaning in meanings]
        return int(self.tokenizer.num_special_tokens_to_add(pair=True)) + max(self.count(self.hypotheses))

    def compute(self, articles: Sequence[Article], texts: Sequence[ChunkedText]) -> list[Labels]:
        """Return the probability of each label for each text: the mean over its chunks, by their lengths."""
        chunks = [chunk for text in texts for chunk in text.chunks]
        pairs = [(chunk, hypothesis) for chunk in chunks for hypothesis in self.hypotheses]
        lengths = [chunk.tokens + self.added_tokens for chunk, _ in pairs]
        logits = iter(self.batcher.run(pairs, lengths, self._entailed))
        predictions = []
        for text in texts:
            rows = [softmax(np.array([next(logits) for _ in self.hypotheses])) for _ in text.chunks]
            probabilities = map(float, text.mean(rows))
            predictions.append(Labels(dict(zip(self.settings.labels, probabilities, strict=True))))
        return predictions

    def _entailed(self, pairs: Sequence[tuple[Chunk, str]]) -> list[float]:
        """Return the logit of entailment of each text and hypothesis."""
        import torch

        texts, hypotheses = [chunk.text for chunk, _ in pairs], [hypothesis for _, hypothesis in pairs]
        with torch.inference_mode():
            logits = self.model(**self.tokenize(texts, hypotheses, truncation="only_first")).logits
        entailed: list[float] = logits[:, self.entailment].double().cpu().tolist()
        return entailed
