"""Search spaces and past results of other packages, to and from ours; each package in one file."""
