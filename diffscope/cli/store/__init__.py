"""``diffscope store``: joins stores of assessments, and writes them as tables."""
