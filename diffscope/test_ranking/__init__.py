"""Stage 4, test_ranking: a change and the graph of its base -> the tests nearest to it, each with its reasons.

Pure. May import graph and every earlier stage. Start at rank.py; paths.py lists the signs by which a test is near.
"""
