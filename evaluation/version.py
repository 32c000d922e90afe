"""The version of the analysis; it changes when figures or their definitions do."""

VERSION = "0.1.0"
