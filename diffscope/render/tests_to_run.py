"""What a report says of CI: which tests to run, what runs and why, on what hardware, for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Assessment
from diffscope.errors import shell_line
from diffscope.facts.model import TREE_HEAD, CiFacts, CiPipeline, Nearest, OptionalStep
from diffscope.patterns import lazy_regex
from diffscope.project.answers import AmdState, Reason
from diffscope.render.words import Words

_MOST: Final = 10
_MOST_CRATES: Final = 4
_MOST_NAMED: Final = 2
_MOST_LISTING: Final = 6
_MOST_NEAREST: Final = 2
_LIKELY: Final = 0.12
_ALIKE: Final = 0.4
"""A score from which on a test is about what changed: nearly half of such tests change with it."""
_BESIDE_IT: Final = 0.1
"""A score from which on a test is better than none."""
_WORD: Final = 5
_MOST_BESIDE: Final = 2
_MOST_EXPLAINED: Final = 4
_WAYS: Final = {
    "calls": "test-calls",
    "makes": "test-makes",
    "operator": "test-operator",
    "sets": "test-sets",
    "step": "test-step",
    "name": "test-name",
    "command": "test-command",
    "starts": "test-starts",
    "engine": "test-starts",
    "engine-asked": "test-starts-with",
    "rows": "test-rows",
}
"""The words for how a test reaches a change, and for what it may run."""
_BY_NAME: Final = frozenset({"step", "name", "command", "sets"})
"""Ways in which a test names something else than code."""
_CONFIGURED: Final = "/configs/"
_CRATE: Final = lazy_regex(r"(.+)/(?:src|tests|benches|examples)/.+[.]rs")
_BESIDE: Final = lazy_regex(r"([^/]+)/(?:tests|benches|examples)/.+")


def runnable_tests(assessment: Assessment) -> list[str]:
    """Return at most ten test files or folders to run, quoted for a shell: the changed ones that are still there, then those that run the change.

    What is run by a configuration that changed is run by the tests of the folder that the configurations stand in.

    Where it is not known what a test runs, the nearest ones.
    """
    tests = assessment.tests
    nearest = () if tests.nearest is UNSET else tests.nearest
    gone = {file.path for file in assessment.files if file.status == "deleted"}
    # What has the changed code as its own copy does not run it.
    changed = set(tests.changed) - {one.path for one in nearest if one.may_run == "copies" and not one.runs}
    ordered = [test.path for test in nearest if test.runs is UNSET or test.runs or test.path in changed]
    ordered = ordered or _nearest(assessment)
    own = [path for path in ordered if path in changed]
    # Where the change brings what runs it, others are only of interest beside it.
    others = ordered[: len(own) + _MOST_BESIDE] if tests.not_run == () and own else ordered
    paths = dict.fromkeys((*own, *(one for one in tests.changed if one in changed), *others, *tests.changed))
    runnable = [
        path
        for path in paths
        if path.rpartition("/")[2].startswith("test_") and path.endswith(".py") and path not in gone
    ]
    runnable = [
        *dict.fromkeys(path.partition(_CONFIGURED)[0] for path in _configurations(assessment)),
        *runnable,
    ]
    return [shell_line(path) for path in runnable[:_MOST]]


def ways_to_tests(assessment: Assessment, words: Words) -> tuple[str, ...]:
    """Return how the first of the tests to run reach the change, a phrase for each way; what is not known of a test is left out."""
    nearest = () if assessment.tests.nearest is UNSET else assessment.tests.nearest
    known = {shell_line(test.path): test for test in nearest}
    ways: dict[str, list[str]] = {}
    paths = runnable_tests(assessment)[:_MOST_EXPLAINED]
    last = Counter(path.rpartition("/")[2] for path in paths)
    for path in paths:
        if path in known and (way := _way(known[path], words)):
            name = path.rpartition("/")[2]
            shown = name if last[name] == 1 else "/".join(path.split("/")[-2:])
            ways.setdefault(way, []).append(f"`{shown}`")
    return tuple(f"{words.comma.join(names)}{words.colon}{way}" for way, names in ways.items())


def _way(test: Nearest, words: Words) -> str:
    via, symbol = _short(test.via), _short(test.runs[0]) if test.runs is not UNSET and test.runs else ""
    if not test.how:
        code = "engine-asked" if test.may_run == "engine" and via else test.may_run
        if code in ("starts", "rows", "engine", "engine-asked"):
            return words(_WAYS[code], name=via)
        is_near = test.runs == () and not test.may_run and test.score != 1.0
        return words("test-near") if is_near else ""
    way = words(_WAYS[test.how], name=via)
    is_itself = not symbol or via in (symbol, symbol.rpartition(".")[0]) or test.how in _BY_NAME
    return way if is_itself else words("test-leads", way=way, symbol=symbol)


def _short(name: str) -> str:
    return name if "/" in name else ".".join(name.split(".")[-2:])


def _configurations(assessment: Assessment) -> list[str]:
    """Return the configurations of tests that a change adds or edits."""
    gone = {file.path for file in assessment.files if file.status == "deleted"}
    return [
        path
        for path in assessment.tests.changed
        if _CONFIGURED in path and not path.endswith(".py") and path not in gone
    ]


def _nearest(assessment: Assessment) -> list[str]:
    """Return the tests that may run a change of which none is found that calls it, two at most.

    Those that make the class of what changed come first, then those that are named after a changed file, then those that go through a table with a row for it, then near ones that start an engine or server.
    """
    nearest = assessment.tests.nearest
    stems = {_stem(file.path) for file in assessment.files}
    listed = () if nearest is UNSET else [test for test in nearest if test.may_run not in ("copies", "far")]
    named = {test.path for test in listed if any(_is_named(_stem(test.path), stem) for stem in stems)}
    found = [
        test
        for test in listed
        if test.may_run in ("makes", "rows", "named", "engine")
        or test.path in named
        or (test.may_run == "starts" and test.score >= _LIKELY)
        or test.score >= _ALIKE
    ]
    if not found:
        found = [test for test in listed if test.score >= _BESIDE_IT]
    # A test of the same things is where a new one would stand; an engine may run the change without anybody's notice.
    order = ("makes", "named", "starts", "rows", "", "engine")
    found.sort(
        key=lambda test: (
            order.index(test.may_run) + 2.5 * (test.may_run == "starts" and test.path not in named)
        )
    )
    return [test.path for test in found[:_MOST_NEAREST]]


def _is_named(test: str, stem: str) -> bool:
    # A short word is part of many names.
    return test == stem or (len(stem) >= _WORD and stem in test)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0].removeprefix("test_")


def cargo_commands(assessment: Assessment) -> list[str]:
    """Return the commands that run the tests of the Rust crates in which code changed, quoted for a shell; four at most.

    A crate is the folder around ``src``, ``tests``, ``benches`` or ``examples``; the more of its lines changed, the sooner.
    """
    lines: dict[str, int] = {}
    for file in assessment.files:
        if crate := _crate(file.path):
            lines[crate] = lines.get(crate, 0) + file.additions + file.deletions
    crates = sorted(lines, key=lambda crate: (-lines[crate], crate))
    return [
        shell_line("cargo", "test", "--manifest-path", f"{crate}/Cargo.toml")
        for crate in crates[:_MOST_CRATES]
    ]


def _crate(path: str) -> str:
    before, src, after = path.rpartition("/src/")
    if src and path.endswith(".rs"):
        # A crate that lies in a folder called src has its tests beside its own.
        beside = _BESIDE.fullmatch(after) if "/src/" not in before else None
        return f"{before}/src/{beside[1]}" if beside else before
    found = _CRATE.fullmatch(path)
    return found[1] if found else ""


def test_phrases(
    assessment: Assessment, words: Words, few: Callable[[Iterable[str]], str]
) -> tuple[str, ...]:
    """Return how many tests changed, and what is not tested or not known."""
    tests = assessment.tests
    phrases = [
        words("tests-changed", count=len(tests.changed)) if tests.changed else words("no-tests-changed")
    ]
    if configurations := _configurations(assessment):
        phrases.append(words("tests-configured", paths=few(configurations)))
    if tests.nearest is UNSET:
        phrases.append(words("nearest-unknown"))
    missing = () if tests.not_run is UNSET else tests.not_run[:_MOST_NAMED]
    if missing and not tests.changed:
        # What a test runs through a server, or by the name of a model, is not seen: only that none calls it can be said.
        nearest = () if tests.nearest is UNSET else tests.nearest
        near = [] if any(test.runs for test in nearest) else _nearest(assessment)
        by = dict.fromkeys(test.by for test in nearest if test.path in near and test.by)
        code = "no-test-calls-by" if by else "no-test-calls-near" if near else "no-test-calls"
        told = few(".".join(name.split(".")[-2:]) for name in missing)
        phrases.append(words(code, symbols=told, names=few(by)))
        if code == "no-test-calls" and (steps := _listing(assessment)):
            phrases.append(words("steps-list-it", steps=few(steps)))
    elif tests.not_run is UNSET and tests.unnamed_symbols is not UNSET and tests.unnamed_symbols:
        phrases.append(words("unnamed", symbols=few(tests.unnamed_symbols)))
    return tuple(phrases)


def _listing(assessment: Assessment) -> list[str]:
    """Return the steps of CI that list a changed file by itself; none where many do, since each of them then says little."""
    runs = () if assessment.ci is UNSET else assessment.ci.steps
    sets = [each for run in runs if run.entry and run.entry == run.path for each in run.on if not each.mirror]
    named = [*dict.fromkeys(step for each in sets for step in each.steps)]
    return named if len(named) <= _MOST_LISTING else []


_LONG = 300
"""Minutes; from there on hours say more."""
_NAMED = 3
_DIFFERENCES = ("added", "removed", "starts", "stops")

Few = Callable[[Iterable[str], int], str]
"""The first names of a list, at most so many, and how many more there are."""


def ci_phrases(ci: CiFacts, words: Words, few: Few) -> tuple[str, ...]:
    """Return the phrases of a change's CI, without its blind spots; empty where the target declares no pipeline."""
    if not ci.pipelines:
        return ()
    return tuple(phrase for phrase in _phrases(ci, words, few) if phrase)


def blind_spots(ci: CiFacts, words: Words, few: Few) -> str:
    """Return a phrase of the steps that should look at the change and do not; empty for none."""
    named = few(dict.fromkeys(spot.label for spot in ci.blind_spots), 3)
    return words("blind-spots", steps=named, test=ci.blind_spots[0].test) if named else ""


def optional_step(one: OptionalStep, words: Words) -> str:
    """Return an optional step with where it would run and for what."""
    why = words("ci-entry-matches", entry=one.entry, path=one.path)
    return f"{one.step}{words.aside(one.queue)}{words.colon}{why}"


def _phrases(ci: CiFacts, words: Words, few: Few) -> Iterator[str]:
    counted = {one.reason: one.steps for one in ci.not_run}
    open_ = counted.get(Reason.UNDECIDED, 0)
    if ci.runs:
        optional = counted.get(Reason.OPTIONAL, 0)
        yield words.comma.join(
            (
                words("steps-run", count=ci.runs),
                *([words("steps-optional", count=optional)] if optional else ()),
            )
        )
        yield _queues(ci, few)
    elif ci.docs_only:
        yield words("ci-docs-only")
    else:
        yield words.counted("ci-nothing-one", "ci-nothing", sum(counted.values()) - open_)
    yield words("ci-undecided", count=open_) if open_ else ""
    yield from _run_all(ci.pipelines, words)
    yield _limits(ci, words)
    yield _mirrors(ci, words)
    yield _tree(ci, words, few)
    if ci.rules is not None:
        newer = words("ci-rules-newer") if ci.rules.newer_than_change else ""
        yield words("ci-rules", commit=ci.rules.commit, date=ci.rules.date) + newer


def _queues(ci: CiFacts, few: Few) -> str:
    queues: Counter[str] = Counter()
    for one in ci.steps:
        for each in one.on:
            queues[each.queue] += len(each.steps)
    ordered = sorted(queues.items(), key=lambda item: (-item[1], item[0]))
    return few([f"{queue} {count}" for queue, count in ordered], 6)


def _run_all(pipelines: Iterable[CiPipeline], words: Words) -> Iterator[str]:
    """One phrase for each reason: several pipelines may run all for the same one."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in pipelines:
        if one.run_all is not None:
            reasons.setdefault((one.run_all, one.run_all_path or ""), []).append(one.name)
    for (pattern, path), names in reasons.items():
        key = "ci-run-all" if path else "ci-run-all-label"
        yield words(key, pipelines=words.comma.join(names), pattern=pattern, path=path)


def _limits(ci: CiFacts, words: Words) -> str:
    bare = ci.without_timeout
    without = words("ci-no-limit", count=bare) if bare else ""
    if not ci.minutes:
        return without
    is_long = ci.minutes >= _LONG
    limits = words("hours", count=round(ci.minutes / 60)) if is_long else words("minutes", count=ci.minutes)
    return words.comma.join(part for part in (limits, without) if part)


def _mirrors(ci: CiFacts, words: Words) -> str:
    states: Counter[AmdState] = Counter()
    for one in ci.steps:
        for each in one.on:
            if each.amd is not None:
                states[each.amd] += len(each.steps)
    named = [words(f"mirror-{state.value}", count=states[state]) for state in AmdState if states[state]]
    return words("amd-mirrors", list=words.comma.join(named)) if named else ""


def _tree(ci: CiFacts, words: Words, few: Few) -> str:
    if ci.tree != TREE_HEAD:
        return ""
    told = []
    for what in _DIFFERENCES:
        named = [one.step for one in ci.difference if one.what == what]
        if named:
            told.append(words(f"ci-{what}", count=len(named)) + words.aside(few(named, _NAMED)))
    return words("ci-tree-head", list=words.comma.join(told) or words("ci-same-steps"))
