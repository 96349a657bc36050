"""Stage 4, test_ranking: a change and the graph of its base -> the tests nearest to it, each with its reasons.

Pure. May import graph and every earlier stage. Start at rank.py; signals.py lists what makes a test near.
"""
