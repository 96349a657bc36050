"""The changed files: both sides as texts, what syntax found between them as regions, and one fact a file."""
