"""For those who write rules: cases and how they come out, lint, pages, editor schemas, new rules, the converter. Start at cases.py."""
