"""Stage 2, taxonomy: the words of ``rules/*.yml`` -> areas, platforms, categories, kinds, tags and surfaces of paths and texts.

Pure. May import yaml, patterns, messages, source and errors; knows nothing of diffs, syntax or graphs. Start at model.py: other stages
use the methods of ``Taxonomy``, made by ``read_tables``; tables.py has the types of the files.
"""
