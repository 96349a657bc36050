"""``diffscope graph``: the command and its sub-commands."""
