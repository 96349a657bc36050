"""Stage 7, assessment: facts and flags -> ``Assessment``, the document that is rendered, stored and aggregated.

Pure. May import facts, rules and every earlier stage. Start at assess.py.
"""
