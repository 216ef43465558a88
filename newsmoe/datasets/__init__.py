"""Labelled texts: sources, label maps, splits."""
