"""Names of the compiled backbone's inputs and output, which the graph declares and the runtime feeds."""

WORDS, MASK, HIDDEN = "word_embeddings", "attention_mask", "hidden"


def part_names(module: str) -> tuple[str, str]:
    """Return the names of the inputs that take an adapter's two matrices for `module`."""
    return f"{module}.down", f"{module}.up"
