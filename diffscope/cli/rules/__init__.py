"""``diffscope rules``: the command, and the cases of a rule folder with their facts."""
