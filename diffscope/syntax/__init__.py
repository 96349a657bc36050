"""Stage 2b, syntax: the bytes of one file -> ``Outline``; two sides of a file -> ``SymbolChange`` s. The only door to tree-sitter.

Pure. May import source, errors. Start at outline.py (one side) and compare.py (two sides).
"""
