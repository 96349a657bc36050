"""``diffscope classify``: the command, ranges, and going on with an interrupted one."""
