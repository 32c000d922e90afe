"""Search strategies, by name. To add one: write a file with its class and add a line to `BUILT_IN`.

Other packages add theirs through the entry-point group `autosearch.strategies`.
"""

from autosearch.strategies.base import Strategy, Suggestion, rng_for, setting, settings_of

__all__ = ["Strategy", "Suggestion", "rng_for", "setting", "settings_of"]
