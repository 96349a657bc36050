"""Facts of Python code: symbols, guards, calls, numbers, writes to shared state, registry rows. One module a family."""
