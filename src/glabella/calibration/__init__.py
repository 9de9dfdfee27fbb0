"""Fitting the model to published trials, and the posterior that comes of it."""
