"""Which tests a report says to run, and what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import UNSET

from diffscope.assessment.document import Assessment
from diffscope.errors import shell_line
from diffscope.patterns import lazy_regex
from diffscope.render.words import Words

_MOST: Final = 10
_MOST_CRATES: Final = 4
_MOST_NAMED: Final = 2
_MOST_NEAREST: Final = 2
_LIKELY: Final = 0.05
_MOST_BESIDE: Final = 2
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

    Those that make the class of what changed come first, then those that are named after a changed file, then those that start an engine or server, then the nearest by words and history.
    """
    nearest = assessment.tests.nearest
    stems = {_stem(file.path) for file in assessment.files}
    listed = () if nearest is UNSET else [test for test in nearest if test.may_run != "copies"]
    found = [test for test in listed if test.may_run or test.score >= _LIKELY or _stem(test.path) in stems]
    found.sort(key=lambda test: (test.may_run != "makes", _stem(test.path) not in stems, test.may_run == ""))
    return [test.path for test in found[:_MOST_NEAREST]]


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
        is_near = bool(_nearest(assessment)) and not any(test.runs for test in nearest)
        code = "no-test-calls-near" if is_near else "no-test-calls"
        phrases.append(words(code, symbols=few(".".join(name.split(".")[-2:]) for name in missing)))
    elif tests.not_run is UNSET and tests.unnamed_symbols is not UNSET and tests.unnamed_symbols:
        phrases.append(words("unnamed", symbols=few(tests.unnamed_symbols)))
    return tuple(phrases)
