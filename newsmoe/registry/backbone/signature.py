"""Names of the compiled backbone's inputs and output; apart from the graph, which imports onnx."""

WORDS, MASK, HIDDEN = "word_embeddings", "attention_mask", "hidden"


def matrix_names(module: str) -> tuple[str, str]:
    """Return the names of the inputs that take an adapter's two matrices for `module`."""
    return f"{module}.down", f"{module}.up"
