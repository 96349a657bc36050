"""Two sides of one Python file -> ``Comparison``. Start at compare.py."""
