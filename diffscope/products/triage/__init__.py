"""Open changes compared with each other: conflicts of meaning, duplicates, order, and a queue for reviewers.

Start at triage.py. candidates.py reads one change, conflicts.py, duplicates.py and needs.py compare them by indexes, queue.py ranks them.
"""
