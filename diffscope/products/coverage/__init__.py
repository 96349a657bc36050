"""Rule coverage: parts of a tree that no rule, table or grammar covers, and groups of changes that rarely get a flag."""
