"""Finished predictions and runs, kept between runs."""
