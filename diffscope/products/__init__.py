"""Stage 9, products: tools built on assessments and graphs. None imports another.

Pure. May import render and every earlier stage. Start at the module of a product's own name, as triage/triage.py; report starts at digest.py,
backtest at measure.py, explore at areas.py.
"""
