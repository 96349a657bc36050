"""A local git repository, read without a checkout, a network or its settings. Start at repository.py."""
