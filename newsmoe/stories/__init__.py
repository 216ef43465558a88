"""Near-copies, and stories: which articles report the same event."""
