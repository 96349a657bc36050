"""Stage 3, graph: outlines of a tree in, a ``ModuleGraph`` out: who imports, names, calls, includes and tests what.

Pure. May import syntax, source, patterns, yaml, messages, errors. The only door to networkx, but for GraphML. Start at derive.py (how a
graph is made, and the next one from it), then query/graph.py (what it answers, in the values of model.py). tables.py is how it is stored.
"""
