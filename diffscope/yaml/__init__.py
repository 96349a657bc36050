"""Stage 0, yaml: strict reading of our own YAML files and tolerant, capped reading of other people's. The only door to PyYAML."""
