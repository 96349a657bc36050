"""Conditions that came, went or changed: which way, by what they compare, and what they decide."""
