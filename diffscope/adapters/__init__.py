"""Stage 10a, adapters: git, GitHub, files, caches and processes; the only place that does I/O.

May import every stage but pipeline and cli. The only door to PyGithub and sqlite3. One file for each external system, named after it.
"""
