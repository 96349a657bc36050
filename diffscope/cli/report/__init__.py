"""``diffscope report``: the command, windows, the dynamics layout, and where outputs go."""
