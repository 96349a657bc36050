"""``diffscope explain``: why a rule fired or a CI step runs."""
