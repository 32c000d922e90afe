"""Search strategies side by side with their peers: `python -m benchmarks.search --quick`."""
