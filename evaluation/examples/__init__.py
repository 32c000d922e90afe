"""Worked examples on real images that need no download."""
