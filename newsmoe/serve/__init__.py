"""The service: one warm session behind HTTP."""
