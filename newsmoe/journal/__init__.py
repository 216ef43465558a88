"""Finished predictions and reports of runs, stored for later runs."""
