"""The gravest flags of a window, looked at again at the newest commit of the clone: still so, changed since, or tested by now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from diffscope.adapters.git.log import main_tip, pull_number
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError
from diffscope.products.report.counts import number_of
from diffscope.products.report.model import Newest, Recheck, RecheckState
from diffscope.rules.model import Evidence, Flag, Severity, every_flag
from diffscope.source.model import CommitId, RepoPath
from diffscope.source.text import decode, split_lines
from diffscope.source.window import stamp

_MOST: Final = 32
"""Flags: a question to git each, of some hundredths of a second."""
_TESTS: Final = frozenset({"missing-tests", "insufficient-tests"})
_BREAKS: Final = frozenset(
    {"interface-change", "config-default", "feature-interaction", "dependency-version"}
)
"""Families whose flags say that something outside may no longer work, and whose line is what must change for that to be mended."""
_WEAKENED: Final = "TC204"
"""Flags a test that lost something: that others name the code says nothing of it."""
_SHORTEST: Final = 5
"""Letters of a name that is searched for in tests."""


class _Asked(NamedTuple):
    assessment: Assessment
    flag: Flag
    place: Evidence


def recheck(
    repository: GitRepository, assessments: Iterable[Assessment], last: str
) -> tuple[Newest | None, tuple[Recheck, ...]]:
    """Return the newest commit and what became of the gravest flags until then; ``last`` is the last commit of the window.

    Nothing where the clone ends with the window. What git cannot tell is left out.
    """
    try:
        tip = main_tip(repository)
        if tip is None or tip == last:
            return None, ()
        newest = Newest(commit=tip, day=stamp(repository.commit(tip).committed_at)[:10])
        found = (_looked_at(repository, asked, CommitId(tip)) for asked in _gravest(assessments))
        return newest, tuple(each for each in found if each is not None)
    except DiffscopeError:
        return None, ()


def _gravest(assessments: Iterable[Assessment]) -> Sequence[_Asked]:
    found = [
        _Asked(one, flag, flag.evidence[0])
        for one in assessments
        for flag in every_flag(one.flags)
        if flag.evidence
        and flag.severity.rank >= Severity.MEDIUM.rank
        and (flag.family in _TESTS or flag.family in _BREAKS)
    ]
    found.sort(
        key=lambda each: (
            -each.flag.severity.rank,
            -each.assessment.importance.value,
            number_of(each.assessment),
            each.flag.code,
        )
    )
    return found[:_MOST]


def _looked_at(repository: GitRepository, asked: _Asked, tip: CommitId) -> Recheck | None:
    head = asked.assessment.change.pull.head
    if head is None:
        return None
    if asked.flag.code == _WEAKENED:
        return None
    if asked.flag.family in _TESTS:
        return _tests_since(repository, asked, tip)
    return _line_since(repository, asked, head, tip)


def _tests_since(repository: GitRepository, asked: _Asked, tip: CommitId) -> Recheck | None:
    """Say whether a test names the symbol, or the new module, by now."""
    place = asked.place
    # Of a method the class is searched for: `apply` and `build` are names of anything.
    name = (place.symbol or "").partition(".")[0] or place.path.rpartition("/")[2].partition(".")[0]
    if len(name) < _SHORTEST:
        return None
    found = run(
        repository.objects, "grep", "-l", "-w", "-F", "--max-depth=-1", "-e", name, tip, "--", "tests"
    )
    if found.code not in (0, 1):
        return None
    paths = [line.partition(":")[2] for line in split_lines(found.out.decode("utf-8", "replace")) if line]
    return _recheck(asked, "tested", path=min(paths)) if paths else _recheck(asked, "still")


def _line_since(repository: GitRepository, asked: _Asked, head: CommitId, tip: CommitId) -> Recheck | None:
    """Say whether the deciding line stands as the change left it."""
    place = asked.place
    if place.side == "old" or not place.line:
        return None
    path = RepoPath(place.path)
    then, now = repository.read(head, path), repository.read(tip, path)
    lines = split_lines(decode(then)) if then is not None else []
    if not 0 < place.line <= len(lines):
        return None
    line = lines[place.line - 1].strip()
    if now is None:
        return _recheck(asked, "gone")
    if not line or line in {each.strip() for each in split_lines(decode(now))}:
        return _recheck(asked, "still") if line else None
    return _recheck(asked, "changed", by=_changed_by(repository, line, path, f"{head}..{tip}"))


def _changed_by(repository: GitRepository, line: str, path: RepoPath, revisions: str) -> int | None:
    found = run(
        repository.objects,
        "log",
        "--first-parent",
        "-n",
        "1",
        "--format=%s",
        f"-S{line}",
        revisions,
        "--",
        path,
    )
    return pull_number(found.out.decode("utf-8", "replace").strip()) if found.code == 0 else None


def _recheck(
    asked: _Asked, state: RecheckState, *, by: int | None = None, path: str | None = None
) -> Recheck:
    return Recheck(number=number_of(asked.assessment), code=asked.flag.code, state=state, by=by, path=path)
