"""Stage 2, project: the target repository's own declarations -> values, and what they mean for a change.

CODEOWNERS, mergify.yml, Buildkite pipelines, requirements files, Dockerfiles. Pure. May import source, patterns, yaml, messages, errors.
Start at read.py; ``owners_of`` (tree.py), ``labels_for`` (labels.py) and ``select_steps`` (ci/selection.py) answer for a change.
"""
