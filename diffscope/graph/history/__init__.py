"""What changed together before: first-parent commits with their files, stored and indexed."""
