"""Algorithms of other packages behind our strategies' interface; each package in one file."""
