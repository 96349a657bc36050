"""Stage 13, cli: reads changes with adapters, judges them with the pipeline, writes results with render; exit codes; the only ``except DiffscopeError``.

May import everything. The only door to click. Start at main.py; each command has a file of its own name.
"""
