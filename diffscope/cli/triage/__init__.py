"""``diffscope triage``: the open changes of a repository compared with each other."""
