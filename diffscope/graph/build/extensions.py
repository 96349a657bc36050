"""Which sources each extension module is made from: the lists of CMake files, followed command by command."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from diffscope.source.model import RepoPath
from diffscope.syntax.model import BuildOutline, BuildTarget

_Lists = dict[str, dict[str, BuildTarget]]
"""Variable -> source -> the command that gave it."""


def extension_sources(
    builds: Mapping[RepoPath, BuildOutline], natives: Collection[str], binders: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the native sources of each extension module.

    Those of the main build file come first, then those of files further down; of one file those that bind operators, for an import of the
    module leads to the first.
    """
    alone = {path: _follow(build.targets, {})[0] for path, build in builds.items()}
    found: dict[str, dict[str, None]] = {}
    for path in sorted(builds, key=lambda path: (path.count("/"), path)):
        others = {
            name: held for other in sorted(alone) if other != path for name, held in alone[other].items()
        }
        for name, sources in _follow(builds[path].targets, others)[1].items():
            ordered = sorted(
                sources.intersection(natives),
                key=lambda each: (each not in binders, "bindings" not in each, each),
            )
            found.setdefault(name, {}).update(dict.fromkeys(ordered))
    return {name: tuple(sources) for name, sources in sorted(found.items())}


def _follow(targets: Iterable[BuildTarget], others: _Lists) -> tuple[_Lists, dict[str, set[str]]]:
    """Return what the variables of a file hold in the end, and the sources of its extensions.

    A variable that the file does not set is taken from ``others``.
    """
    lists: _Lists = {}
    extensions: dict[str, set[str]] = {}
    for target in targets:
        taken = {source for part in target.parts for source in lists.get(part, others.get(part, {}))}
        given = dict.fromkeys(sorted(taken.union(target.sources)), target)
        if target.destination or target.name in extensions:
            extensions.setdefault(target.name, set()).update(given)
            continue
        kept = {
            source: giver
            for source, giver in lists.get(target.name, {}).items()
            if target.is_appended or target.name in target.parts or _is_else_of(target, giver)
        }
        lists[target.name] = kept | given
    return lists, extensions


def _is_else_of(target: BuildTarget, former: BuildTarget) -> bool:
    """Say whether a command stands in the ``else`` of the ``if`` that a former one stands in: only one of the two is run."""
    if not target.guards or len(former.guards) < len(target.guards):
        return False
    *around, last = target.guards
    at = len(around)
    return list(former.guards[:at]) == around and last == f"not ({former.guards[at]})"
