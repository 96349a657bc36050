"""Many assessments of a window -> ``Digest``, the figures and sections of a report, each traceable.

Pure. May import assessment and every earlier stage. Start at digest.py.
"""
