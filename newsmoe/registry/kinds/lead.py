"""The first sentences: no model, any language, and for news a summary that is hard to beat."""

from collections.abc import Sequence

from newsmoe.article import Article, estimate_tokens
from newsmoe.prediction import InputStats, Prediction, Summary
from newsmoe.registry.card_expert import CardExpert
from newsmoe.registry.device import Device
from newsmoe.registry.kinds.lengths import SummaryLength, candidates, joined
from newsmoe.text.sentences import split_sentences

MAX_CHARACTERS = 10_000  # more than any lead has


class Lead(CardExpert[SummaryLength]):
    """Summarizes by the first sentences, as news is written to be cut from the end."""

    Settings = SummaryLength
    columns = ("summary",)

    def load(self, device: Device) -> None:
        """Do nothing: there are no weights."""

    def lengths(self, articles: Sequence[Article]) -> list[int]:
        """Return 1 for each: the price does not depend on the article."""
        return [1] * len(articles)

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the first sentences of each article."""
        return [self._summary(article) for article in articles]

    def _summary(self, article: Article) -> Summary:
        sentences = split_sentences(article.content[:MAX_CHARACTERS], article.language)
        tokens = [estimate_tokens(sentence) for sentence in sentences]
        chosen = self.settings.choose(candidates(sentences), tokens)
        # No model reads a token here, and the cost of gates is counted in tokens that models read.
        return Summary(joined(sentences, chosen), InputStats(truncated=article.truncated, windows=1))
