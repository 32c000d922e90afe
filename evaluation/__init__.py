"""Evaluation of image classifiers."""
