"""Stage 3, graph: outlines of a tree in, a ``ModuleGraph`` out: who imports, names, calls, includes and tests what.

Pure. May import syntax, source, patterns, strict_yaml, errors. The only door to networkx. Start at build.py (how a graph is
made), then model.py (what it holds and answers); queries that need more than a walk have a file each.
"""
