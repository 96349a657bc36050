"""Stage 2b, syntax: the bytes of one file -> ``Outline``; two sides of a file -> ``SymbolChange`` s. The only door to tree-sitter.

Pure. May import source, patterns, errors. Start at outline/outline.py (one side of a Python file), compare/compare.py (two sides) and
native/native.py (C++, CUDA, HIP; native/rust.py: Rust). parsers.py alone loads a grammar; model.py has the values.
"""
