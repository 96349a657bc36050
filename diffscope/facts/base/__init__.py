"""Facts that need the tree of the base: its graph, its history, what overrides, imports or tests the changed code."""
