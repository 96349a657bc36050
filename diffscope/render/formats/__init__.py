"""One module an output format of one assessment; table.py lists them."""
