"""Stage 8, render: an ``Assessment`` in, the text of one output format out; alike formats share a file, no printing.

Pure. May import assessment and every earlier stage. Only templates.py imports Jinja2.
Start at formats/table.py, the table of formats; sanitize.py escapes untrusted text, words.py has the
texts of the interface.
"""
