"""Stage 2a, diff: patch text in, a ``Diff`` out. The only door to unidiff.

Pure. May import source, messages, patterns, errors. Start at parse.py.
"""
