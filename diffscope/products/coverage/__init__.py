"""Rule coverage: what of a tree no rule, table or grammar sees, and where changes stay without a flag more often than elsewhere."""
