"""The conditions of one symbol on two sides -> those that came, went or changed, with what they decide."""
