"""Stage 10a, adapters: git, GitHub, files, caches and processes; the only place that does I/O.

May import every stage but pipeline, workspace, batch, cli and api. The only door to PyGithub and sqlite3. One folder or file for each external
system, named after it. Start at changes/clone.py and github/source.py (a change read), config/knowledge.py (the tables that it is judged by), output.py (files out).
"""
