"""How experts and gates are trained."""
