"""Stage 8, render: an ``Assessment`` in, the text of one output format out; one file a format, no printing.

Pure. May import report, assessment and every earlier stage. The only door to Rich (console.py) and Jinja2 (templates.py).
Start at formats/table.py, the table of formats; what untrusted text goes through on its way out is in sanitize.py, every interface
word in words.py.
"""
