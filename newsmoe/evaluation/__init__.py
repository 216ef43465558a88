"""How good experts, pools of experts and gates are."""
