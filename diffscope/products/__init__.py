"""Stage 9, products: what is built on assessments and graphs. None of them imports another.

Pure. May import render and every earlier stage.
"""
