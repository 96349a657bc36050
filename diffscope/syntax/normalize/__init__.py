"""A symbol as normalized tokens, equal where only formatting differs, and what its execution depends on."""
