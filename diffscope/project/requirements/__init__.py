"""Requirement files and Dockerfiles -> requirements and pinned versions."""
