"""Experts: what they are, where they come from, and the code behind their cards."""
