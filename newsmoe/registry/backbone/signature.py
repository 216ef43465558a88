"""Names of the compiled backbone's inputs and output, which the graph declares and the runtime feeds."""

__all__ = ["HIDDEN", "MASK", "WORDS"]

WORDS, MASK, HIDDEN = "word_embeddings", "attention_mask", "hidden"
