"""Hyperparameter search for unmodified training programs."""
