"""How experts are made; needs the extra `train`."""
