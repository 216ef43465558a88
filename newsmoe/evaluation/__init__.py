"""How good experts are."""
