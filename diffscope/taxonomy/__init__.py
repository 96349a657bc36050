"""Stage 2, taxonomy: the words of ``rules/*.yml`` -> areas, platforms, categories, kinds, tags and surfaces of paths and texts.

Pure. May import strict_yaml, patterns, source and errors; knows nothing of diffs, syntax or graphs. Start at load.py; the
questions that other stages ask are the methods of ``Taxonomy`` in model.py.
"""
