"""Which test files name which identifiers: an inverted index of one tree."""
