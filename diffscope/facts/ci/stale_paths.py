"""Steps and owners that go on watching the old name of a renamed file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import StepFact
from diffscope.project.answers import RenameGap
from diffscope.project.ci.gaps import rename_gaps
from diffscope.project.ci.selection import select_steps
from diffscope.project.matching import visible_paths
from diffscope.project.model import Project
from diffscope.project.owners import owners_of
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath

_MOST_JUDGED = 40
"""Renames asked one by one which steps their new name starts."""


class Declared(Protocol):
    """What renames ask of the target's declarations."""

    project: Project

    @property
    def has_tree(self) -> bool:
        """Whether the paths of the tree are known."""

    def tree_with(self, added: Iterable[RepoPath], gone: Iterable[RepoPath]) -> TreeIndex:
        """Return the tree with a change applied."""


def collect_renames(placed: tuple[Placed, ...], declarations: Declared) -> Iterator[StepFact]:
    """Yield a fact for each entry that watches the old name of a renamed file, and that the change leaves as it is.

    A step that the new name starts anyway, by another entry or because it starts everything, is none; nor is the owner of a folder who has
    other files left there, where the new name has owners of its own.
    """
    renamed = {
        RepoPath(one.fact.old_path): one
        for one in placed
        if one.fact.status == "renamed" and one.fact.old_path
    }
    if not renamed or not declarations.has_tree:
        return
    tree = declarations.tree_with((RepoPath(one.fact.path) for one in renamed.values()), renamed)
    pairs = ((old, RepoPath(one.fact.path)) for old, one in renamed.items())
    corrected = _Corrections(placed)
    started = _Started(declarations)
    grouped: dict[tuple[RepoPath, str, str], list[RenameGap]] = defaultdict(list)
    for gap in rename_gaps(declarations.project, pairs, tree):
        if gap.kind not in ("step", "owner") or corrected.holds(gap):
            continue
        is_owned = gap.still_matches and bool(
            owners_of(declarations.project.codeowners, (gap.new,))[0].owners
        )
        if not is_owned if gap.kind == "owner" else not started.by(gap):
            grouped[gap.old, gap.kind, gap.entry].append(gap)
    for (old, kind, entry), gaps in sorted(grouped.items()):
        yield _fact(renamed[old], kind, entry, gaps)


def _fact(placed: Placed, kind: str, entry: str, gaps: list[RenameGap]) -> StepFact:
    first = gaps[0]
    state = "matches nothing any more"
    if first.still_matches:
        alone = "; nobody owns the new name" if kind == "owner" else ""
        state = f"still matches other files{alone}"
    return StepFact(
        **placed.spot(),
        what=f"rename-{kind}",
        step=first.name,
        detail=state,
        entry=f"{entry} ({first.file}:{first.line})",
        others=len(gaps) - 1 or None,
    )


class _Corrections:
    """Which lines of the declarations the change itself takes away."""

    def __init__(self, placed: tuple[Placed, ...]) -> None:
        self._files: Mapping[str, Placed] = {one.fact.path: one for one in placed}
        self._kept: dict[str, tuple[list[str], frozenset[str]]] = {}

    def holds(self, gap: RenameGap) -> bool:
        """Return whether the line that a gap names does not stand any more after the change."""
        placed = self._files.get(gap.file)
        if placed is None or placed.material.before is None or placed.material.after is None:
            return False
        before, after = self._lines(gap.file, placed)
        return gap.line > len(before) or before[gap.line - 1] not in after

    def _lines(self, path: str, placed: Placed) -> tuple[list[str], frozenset[str]]:
        if path not in self._kept:
            before, after = (
                [line.strip() for line in side.lines] if side is not None else []
                for side in (placed.material.before, placed.material.after)
            )
            self._kept[path] = before, frozenset(after)
        return self._kept[path]


class _Started:
    """Which steps the new name of a rename starts by itself."""

    def __init__(self, declarations: Declared) -> None:
        self._pipelines = declarations.project.pipelines
        self._known: dict[RepoPath, frozenset[tuple[str, str]]] = {}

    def by(self, gap: RenameGap) -> bool:
        """Return whether the new name starts some step of the same name in the same file; unknown counts as no."""
        if gap.new not in self._known:
            if len(self._known) >= _MOST_JUDGED:
                return False
            decisions = select_steps(self._pipelines, visible_paths((gap.new,))).decisions
            self._known[gap.new] = frozenset((one.file, one.label) for one in decisions if one.selected)
        return (gap.file, gap.name) in self._known[gap.new]
