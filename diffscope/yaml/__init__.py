"""Stage 0, yaml: strict reading of our own YAML files and tolerant, capped reading of other people's. The only door to PyYAML.

May import patterns and errors. Start at typed.py (our own files as values); strict.py reads text into nodes, also tolerantly.
"""
