"""Text of tokens, literals and expressions: what the parse tree gives as bytes, read the same way everywhere."""
