"""Whether what a search claims is true: gains over the default, advice, the end of a search."""
