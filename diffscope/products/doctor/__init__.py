"""What the target repository's own declarations get wrong: checks, findings, fixes, and how they are written out."""
