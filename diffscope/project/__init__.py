"""Stage 2, project: texts of the target repository's own declarations -> values, and what they decide for a change.

CODEOWNERS, mergify.yml, Buildkite pipelines, requirements files, Dockerfiles. Pure. May import source, patterns,
strict_yaml, errors. Start at read.py; owners_of (codeowners.py), labels_for (labels.py), select_steps (selection.py)
answer for a change; examine (doctor.py) says what is wrong with the declarations themselves.
"""
