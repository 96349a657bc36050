"""Mistakes in the target repository's own declarations: checks, findings, fixes, and their output.

Pure. findings.py (with CODEOWNERS), pipelines.py and doctor.py (commands of steps) check one kind of declaration each: project and tree in,
findings out. doctor.py calls them in turn and sorts what they find.
"""
