"""Buildkite job files -> pipelines, the steps that a change selects, and the tests that they collect."""
