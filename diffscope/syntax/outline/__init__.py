"""The bytes of one Python file -> ``Outline``: imports, definitions, exports, registry rows. Start at outline.py."""
