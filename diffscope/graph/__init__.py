"""Stage 3, graph: outlines of a tree in, a ``ModuleGraph`` out: who imports, names, calls, includes and tests what.

Pure. May import syntax, taxonomy, source, patterns, yaml, messages, errors. The only door to networkx, but for GraphML. Start at derive.py (makes a
graph, also from another one), then query/graph.py (queries, with the values of model.py). tables.py is how it is stored.
"""
