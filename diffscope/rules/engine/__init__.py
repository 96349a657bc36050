"""Judges facts by a catalogue: conditions compiled to functions, severity, explanations, waivers. Start at evaluate.py."""
