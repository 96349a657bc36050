"""Stage 1, source: what a change is, and the ports through which the outside world hands one in.

Pure values and protocols. May import errors. Start at model.py, which also says what an adapter must offer.
"""
