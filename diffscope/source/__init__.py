"""Stage 1, source: the types of a change, and the interfaces that adapters implement.

Pure values and protocols. May import messages, yaml, patterns, errors. Start at model.py, which also has the interfaces of a reader of blobs and of trees.
"""
