"""Stage 9, products: tools built on assessments and graphs. None imports another.

Pure. May import render and every earlier stage.
"""
