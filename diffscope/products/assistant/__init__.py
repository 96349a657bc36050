"""Answers for assistants that review pull requests: small, bounded documents made from an assessment and its graph."""
