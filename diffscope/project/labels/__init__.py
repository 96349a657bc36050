"""mergify.yml -> rules for labels, and the labels that they add to a change."""
