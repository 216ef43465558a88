"""Files in, files out: one job, many, at their times, and an inbox that keeps growing."""
