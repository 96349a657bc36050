"""Mistakes in the target repository's own declarations: checks, findings, fixes, and their output."""
