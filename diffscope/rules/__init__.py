"""Stage 6, rules: rule files and facts -> flags.

Pure. Knows facts only; never diff, syntax, graph or git. ``language`` reads rule files into a checked catalogue, ``engine`` judges facts by it,
``authoring`` is for those who write rules: cases, lint, pages, schemas. Start at engine/evaluate.py.
"""
