"""A part that fails inside is a gap; the others go on. Errors on purpose and interrupts pass through."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from diffscope.errors import InputError
from diffscope.messages.model import message
from diffscope.source.attempts import Attempts, described, is_internal
from diffscope.source.model import Gap, RepoPath


def raising(error: BaseException) -> str:
    raise error


class MuteError(Exception):
    """Cannot tell what it is."""

    def __str__(self) -> str:
        raise ValueError


DESCRIBED = [
    pytest.param(KeyError("x"), "KeyError: 'x'", id="type and message"),
    pytest.param(ValueError(), "ValueError", id="no message"),
    pytest.param(ValueError("a\nb\t c"), "ValueError: a b c", id="several lines are one"),
    pytest.param(ValueError("\x1b[2J\x9bé\u202e"), "ValueError: \\x1b[2J\\x9bé\\u202e", id="control characters are shown"),
    pytest.param(ValueError("x" * 300), f"ValueError: {'x' * 199}…", id="cut"),
    pytest.param(MuteError(), "MuteError: <exception str() failed>", id="an exception that cannot tell"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "told"), DESCRIBED)
def test_an_exception_is_one_line_that_can_be_shown(error: Exception, told: str) -> None:
    assert described(error) == told


@pytest.mark.parametrize(
    "error", [KeyError("x"), MemoryError(), RecursionError("deep")], ids=lambda error: type(error).__name__
)
def test_a_part_that_fails_is_a_gap_and_gives_its_default(error: Exception) -> None:
    attempt = Attempts()
    assert attempt("this", lambda: raising(error), "default", path="a.py") == "default"
    assert attempt("that", lambda: "found", "default") == "found"
    assert attempt.gaps == (
        Gap(
            what="internal",
            message=message("gap.internal-error", part="this", error=described(error)),
            path=RepoPath("a.py"),
        ),
    )
    assert is_internal(attempt.gaps)


@pytest.mark.parametrize(
    "error", [InputError("no"), KeyboardInterrupt(), SystemExit(3)], ids=lambda error: type(error).__name__
)
def test_what_is_raised_on_purpose_passes_through(error: BaseException) -> None:
    attempt = Attempts()
    with pytest.raises(type(error)):
        attempt("this", lambda: raising(error), "")
    assert attempt.gaps == ()


def test_with_debug_the_first_failure_is_raised() -> None:
    with pytest.raises(KeyError):
        Attempts(is_debug=True)("this", lambda: raising(KeyError("x")), "")


def lengths(names: Sequence[str]) -> dict[str, int]:
    """Fail on names in capitals, and on two names that begin alike."""
    for name in names:
        if name.isupper():
            raise ValueError(name)
    if len({name[0] for name in names}) < len(names):
        raise LookupError
    return {name: len(name) for name in names}


BY_FILE = [
    pytest.param(["a", "bc"], {"a": 1, "bc": 2}, (), (), id="nothing fails"),
    pytest.param(["a", "BC", "D"], {"a": 1}, ("BC", "D"), ("ValueError: BC", "ValueError: D"), id="the files that fail are left out"),
    pytest.param(["BC"], {}, ("BC",), ("ValueError: BC",), id="all of them fail"),
    pytest.param(["ab", "ac"], None, (None,), ("LookupError",), id="no single file is to blame"),
    pytest.param(["ab", "ac", "D"], None, (None,), ("LookupError",), id="what is left fails too"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "found", "failed", "told"), BY_FILE)
def test_files_that_a_part_fails_on_are_left_out(
    names: list[str], found: dict[str, int] | None, failed: tuple[str | None, ...], told: tuple[str, ...]
) -> None:
    attempt = Attempts()
    assert attempt.by_file("lengths", names, lengths, None, path_of=lambda name: name) == (found, failed)
    assert tuple(gap.path for gap in attempt.gaps) == failed
    assert [gap.reason.partition("(")[2].partition(")")[0] for gap in attempt.gaps] == list(told)
