"""The language of rules: its grammar, the files that hold it, and the catalogue that they make. Start at load.py."""
