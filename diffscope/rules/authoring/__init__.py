"""Tools for authors of rules: cases and their results, lint, pages, editor schemas, new rules, the converter. Start at cases.py."""
