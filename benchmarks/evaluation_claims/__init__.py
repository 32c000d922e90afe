"""Claims of the evaluation measured on data with planted faults."""
