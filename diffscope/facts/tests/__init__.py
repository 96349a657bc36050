"""Facts of tests: added, removed, skipped or loosened."""
