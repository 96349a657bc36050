"""Facts of tests: which came, went, were skipped or loosened."""
