"""Stage 13, cli: gather with adapters, decide with the pipeline, publish with render; exit codes; the one ``except DiffscopeError``.

May import everything. The only door to click. Start at main.py; each command has a file of its own name.
"""
