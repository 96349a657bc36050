"""Facts of CI: which steps a change selects and why, by which tree, and which patterns still name an old path."""
