"""A symbol as a stream of tokens in which form alone makes no difference, and what a run of it depends on."""
