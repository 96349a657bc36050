"""A triage as text, JSON, Markdown and one page; ``formats.py`` lists them."""
