"""``python -m diffscope.cli.generate``: every file of this repository that is made from the code."""
