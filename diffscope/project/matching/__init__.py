"""Path patterns of Buildkite and mergify as their programs match them: regular expressions, guarded and in linear time."""
