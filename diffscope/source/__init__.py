"""Stage 1, source: the types of a change, and the interfaces that adapters implement.

Pure values and protocols. May import errors. Start at model.py, which also says what an adapter must offer.
"""
