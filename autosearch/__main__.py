"""`python -m autosearch`: the command line."""

import sys

from autosearch.cli import main

if __name__ == "__main__":
    sys.exit(main())
