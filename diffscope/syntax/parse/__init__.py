"""The parsers, and which parts of a file need not be parsed. The only place that loads a grammar."""
