"""Looks at the gravest flags of a window again at the newest commit of its clone: still so, changed since, or tested by now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.adapters.git.log import main_tip, pull_number
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.errors import DiffscopeError
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import number_of
from diffscope.products.report.model import Newest, Recheck, RecheckState
from diffscope.rules.model import Evidence, Flag, Severity, every_flag
from diffscope.source.model import CommitId, RepoPath
from diffscope.source.profile import places
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
_CALLERS: Final = 2
"""Steps from a function to its callers, in which a test is looked for that names one of them."""
_FEW_CALLERS: Final = 12
_HEAD: Final = lazy_regex(r"^\s*(?:async )?def (\w+)\(")
_SHOWN: Final = lazy_regex(r"\d+(?P<mark>[:=])(?P<code>.*)")
"""A line that git found, or the heading above it."""
_CALLED: Final = lazy_regex(r"(\w+)\(")
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
        asked = dict(enumerate(_gravest(assessments)))
        of_tests = {place: each for place, each in asked.items() if _is_of_tests(each)}
        tested = _tests_since(repository, of_tests, CommitId(tip))
        found = (
            tested.get(place) if place in of_tests else _line_since(repository, each, CommitId(tip))
            for place, each in asked.items()
        )
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


def _is_of_tests(asked: _Asked) -> bool:
    return asked.flag.family in _TESTS and asked.flag.code != _WEAKENED


def _tests_since(repository: GitRepository, asked: Mapping[int, _Asked], tip: CommitId) -> dict[int, Recheck]:
    """Say of each whether a test names the symbol, or the new module, by now, or a function that calls it.

    All are looked for together, for git reads the whole tree each time.
    """
    names = {
        place: frozenset({name})
        for place, each in asked.items()
        if each.assessment.change.pull.head and len(name := _searched(each)) >= _SHORTEST
    }
    found = dict[int, Recheck]()
    for step in range(1 + _CALLERS):
        tests = _tests_naming(repository, _all(names), tip) if names else {}
        if tests is None:
            return found
        for place in [place for place in names if not names[place].isdisjoint(tests)]:
            path = min(tests[name] for name in names.pop(place) if name in tests)
            found[place] = _recheck(asked[place], "tested", path=path)
        callers = _callers(repository, _all(names), tip) if names and step < _CALLERS else {}
        for place, known in list(names.items()):
            names[place] = frozenset[str]().union(*(callers.get(name, ()) for name in known)) - known
            if not 0 < len(names[place]) <= _FEW_CALLERS:
                found[place] = _recheck(asked[place], "still")
                del names[place]
    return found


def _all(names: Mapping[int, frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*names.values())


def _searched(asked: _Asked) -> str:
    """Return the name that is looked for; of a method that of its class: `apply` and `build` are names of anything."""
    place = asked.place
    return (place.symbol or "").partition(".")[0] or place.path.rpartition("/")[2].partition(".")[0]


def _tests_naming(repository: GitRepository, names: Collection[str], tip: CommitId) -> dict[str, str] | None:
    """Return for each name that a test has as a word the first such file; ``None`` where git cannot tell."""
    asks = [part for each in sorted(names) for part in ("-e", each)]
    found = run(repository.objects, "grep", "-o", "-w", "-F", *asks, tip, "--", "tests")
    if found.code not in (0, 1):
        return None
    paths = dict[str, str]()
    for line in split_lines(decode(found.out)):
        path, _, name = line.partition(":")[2].rpartition(":")
        if path:
            paths[name] = min(path, paths.get(name, path))
    return paths


def _callers(repository: GitRepository, names: Collection[str], tip: CommitId) -> dict[str, set[str]]:
    """Return for each name the functions of modules in whose bodies a function of that name is called, by the headings that git shows."""
    asks = [part for each in sorted(names) for part in ("-e", each)]
    folders = [folder.rstrip("/") for folder in places().packages]
    found = run(
        repository.objects, "grep", "--break", "-h", "-n", "-p", "-w", "-F", *asks, tip, "--", *folders
    )
    callers, heading = defaultdict[str, set[str]](set), ""
    for line in split_lines(decode(found.out)):
        shown = _SHOWN.match(line)
        if shown is None:  # what follows is of another file
            heading = ""
            continue
        head = _HEAD.search(shown["code"])
        heading = head[1] if head else heading if shown["mark"] == ":" else ""
        if shown["mark"] == ":" and len(heading) >= _SHORTEST and not heading.startswith("__"):
            for name in _CALLED.findall(shown["code"]):
                if name in names:
                    callers[name].add(heading)
    return callers


def _line_since(repository: GitRepository, asked: _Asked, tip: CommitId) -> Recheck | None:
    """Say whether the deciding line is unchanged since the change."""
    head, place = asked.assessment.change.pull.head, asked.place
    if head is None or asked.flag.code == _WEAKENED or place.side == "old" or not place.line:
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
