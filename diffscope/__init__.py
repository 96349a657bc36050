"""diffscope: classifies the diffs of vLLM pull requests."""
