"""Search strategies, by name. To add one: write a file with its class and add a line to `BUILT_IN`.

Other packages add theirs through the entry-point group `autosearch.strategies`.
"""

from autosearch.strategies.base import Strategy, Suggestion, rng_for, setting, settings_of
from autosearch.strategies.registry import (
    BUILT_IN,
    Description,
    SettingInfo,
    combine,
    describe,
    having,
    load,
    make,
    names,
    problems,
)

__all__ = [
    "BUILT_IN",
    "Description",
    "SettingInfo",
    "Strategy",
    "Suggestion",
    "combine",
    "describe",
    "having",
    "load",
    "make",
    "names",
    "problems",
    "rng_for",
    "setting",
    "settings_of",
]
