from __future__ import annotations

import ast
import pickle
import re
import re._parser as regex_parser  # type: ignore[import-not-found]
import signal
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.errors import InputError
from diffscope.patterns import compile_glob, compile_regex, lazy_regex
from tests.sources import MODULES, ROOT, nodes, parsed

GLOBS = [
    pytest.param("vllm/a.py", "vllm/a.py", True, id="a plain path matches itself"),
    pytest.param("vllm/a.py", "x/vllm/a.py", False, id="a glob is anchored at the root"),
    pytest.param("vllm/a", "vllm/a/b.py", False, id="a folder's name does not match what lies below"),
    pytest.param("vllm/*.py", "vllm/a.py", True, id="a star matches a name"),
    pytest.param("vllm/*.py", "vllm/v1/a.py", False, id="a star does not cross a slash"),
    pytest.param("vllm/*.py", "vllm/.py", True, id="a star matches nothing at all"),
    pytest.param("*", ".hidden", True, id="a leading dot is nothing special"),
    pytest.param("vllm/?.py", "vllm/a.py", True, id="a question mark matches one character"),
    pytest.param("vllm/?.py", "vllm/ab.py", False, id="a question mark matches no two characters"),
    pytest.param("a?b", "a/b", False, id="a question mark does not match a slash"),
    pytest.param("vllm/**/a.py", "vllm/a.py", True, id="two stars match no segment"),
    pytest.param("vllm/**/a.py", "vllm/b/c/a.py", True, id="two stars match several segments"),
    pytest.param("vllm/**/a.py", "vllm/xa.py", False, id="two stars end at a slash"),
    pytest.param("**/a.py", "a.py", True, id="leading stars match the root"),
    pytest.param("vllm/**", "vllm/a", True, id="trailing stars match all below"),
    pytest.param("vllm/**", "vllm", False, id="trailing stars do not match the folder itself"),
    pytest.param("**", "a/b", True, id="two stars alone match everything"),
    pytest.param("*.{cu,cuh}", "x.cuh", True, id="braces choose"),
    pytest.param("{a,b/**}/c.py", "b/x/c.py", True, id="braces may hold stars and slashes"),
    pytest.param("{a,{b,c}d}.py", "cd.py", True, id="braces nest"),
    pytest.param("a,b", "a,b", True, id="a comma outside braces is a comma"),
    pytest.param("[ab].py", "[ab].py", True, id="square brackets stand for themselves"),
    pytest.param("[ab].py", "a.py", False, id="square brackets are no choice"),
    pytest.param(r"a\*b", "a*b", True, id="a backslash makes a star a star"),
    pytest.param("a.py", "aXpy", False, id="a dot is a dot"),
    pytest.param("A.py", "a.py", False, id="case matters"),
    pytest.param("a*", "a\nb", True, id="a line feed is a character like any other"),
]


@pytest.mark.parametrize(("glob", "path", "matches"), GLOBS)
def test_globs(glob: str, path: str, matches: bool) -> None:
    assert compile_glob(glob).matches(path) is matches


WRONG_GLOBS = [
    pytest.param("", "the glob is empty", id="empty"),
    pytest.param("/a", "it starts with '/'", id="absolute"),
    pytest.param("a/", "it ends in '/'", id="a trailing slash"),
    pytest.param("a{b", "a '{' is never closed", id="an open brace"),
    pytest.param("a}", "a '}' closes nothing", id="a brace too many"),
    pytest.param("a**b", "'**' must be a whole segment", id="stars inside a segment"),
    pytest.param("a/***", "'**' must be a whole segment", id="three stars"),
    pytest.param("a\\", "it ends in a lone backslash", id="a backslash at the end"),
    pytest.param("{" * 20 + "}" * 20, "braces are nested more than 8 deep", id="braces twenty deep"),
    pytest.param("a" * 5000, "at most 4,000 are read", id="too long"),
]


@pytest.mark.parametrize(("glob", "reason"), WRONG_GLOBS)
def test_wrong_globs_are_refused_with_a_hint(glob: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_glob(glob)
    assert reason in caught.value.message
    assert caught.value.hint


WRONG_REGEXES = [
    pytest.param("(?=a)", "look-ahead and look-behind are not supported", id="look-ahead"),
    pytest.param("(?<!a)b", "look-ahead and look-behind are not supported", id="look-behind"),
    pytest.param(r"(a)\1", "back-references are not supported", id="a back-reference"),
    pytest.param("[", "RE2 syntax page", id="an open bracket"),
    pytest.param("a**", "RE2 syntax page", id="a repetition of a repetition"),
    pytest.param("\ud800", "remove it", id="a lone surrogate"),
    pytest.param("a" * 5000, "split it", id="too long"),
    pytest.param("(?:a{1000}){1000}", "RE2 syntax page", id="a repetition that explodes"),
]


@pytest.mark.parametrize(("regex", "hint"), WRONG_REGEXES)
def test_wrong_regexes_are_refused_with_a_hint(regex: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        compile_regex(regex)
    assert hint in (caught.value.hint or "")


def test_a_regex_finds_groups_and_places_in_characters() -> None:
    """Spans count characters, not bytes, and a lone surrogate in the text is no accident."""
    regex = compile_regex(r"(é)\s*(x)?")
    assert regex.groups("aé é") == ("é", None)
    assert regex.groups("none") is None
    assert regex.spans("aé é x\ud800") == ((1, 3), (3, 6))
    assert compile_regex("a").spans("banana") == ((1, 2), (3, 4), (5, 6))
    assert compile_regex("(?i)fix").search("FIX \ud800")
    assert compile_regex("b").match("ab") is False
    assert compile_regex("ab").fullmatch("abc") is False


def test_a_regex_takes_linear_time_where_pythons_takes_forever() -> None:
    """Thirty characters keep Python's engine busy for minutes with this pattern."""
    regex = compile_regex(r"^(([^/])+/?)+\.py$")
    started = time.process_time()
    assert not regex.search("a" * 3_000 + "!")
    assert time.process_time() - started < 1


@given(st.text("ab/.-_", max_size=12), st.text("ab/.-_", max_size=12))
def test_a_glob_without_signs_is_equality(glob: str, path: str) -> None:
    """No character of an ordinary path is special."""
    if glob and not glob.startswith("/") and not glob.endswith("/"):
        assert compile_glob(glob).matches(path) is (glob == path)


@given(st.text("ab*/", min_size=1, max_size=8), st.text("ab/", max_size=8))
def test_single_stars_agree_with_a_plain_translation(glob: str, path: str) -> None:
    """An oracle: the star as Python's own engine would have it."""
    try:
        compiled = compile_glob(glob)
    except InputError:
        return
    if "**" not in glob:
        assert compiled.matches(path) is bool(re.fullmatch(glob.replace("*", "[^/]*"), path))


def test_a_lazy_regex_answers_as_one_that_is_compiled_at_once() -> None:
    text = "a1 b22 A333"
    lazy, eager = lazy_regex(r"([a-z])(\d+)", re.IGNORECASE), re.compile(r"([a-z])(\d+)", re.IGNORECASE)
    for one in (lazy, pickle.loads(pickle.dumps(lazy))):
        assert one.findall(text) == eager.findall(text)
        assert one.sub("<>", text) == eager.sub("<>", text)
        assert (one.pattern, one.flags, one.groups) == (eager.pattern, eager.flags, eager.groups)
    assert lazy_regex(rb"b+").search(b"abb") is not None


def test_a_lazy_regex_that_is_no_pattern_is_refused_on_first_use() -> None:
    wrong = lazy_regex("(")
    with pytest.raises(re.error):
        wrong.search("")


def test_every_lazy_regex_of_the_package_compiles() -> None:
    kind = type(lazy_regex(""))
    files = [file for file in MODULES if "lazy_regex(" in file.read_text("utf-8")]
    modules = [import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files]
    found = {id(each): each for module in modules for each in vars(module).values() if type(each) is kind}
    assert len(found) == sum(map(lazy_constants, modules))
    assert all(each.flags >= 0 for each in found.values())


def patterns() -> list[str]:
    """Return every pattern of Python's ``re`` that the package writes out."""
    calls = (each for file in MODULES for each in nodes(file) if isinstance(each, ast.Call))
    return sorted(
        {
            each.args[0].value
            for each in calls
            if getattr(each.func, "id", getattr(each.func, "attr", "")) in ("lazy_regex", "compile")
            and ast.unparse(each.func) in ("lazy_regex", "re.compile")
            and isinstance(each.args[0], ast.Constant)
            and isinstance(each.args[0].value, str)
        }
    )


@pytest.mark.parametrize("wrong", [False, True], ids=["those of the package", "one that is known to"])
def test_no_pattern_looks_through_every_way_to_cut_a_word(wrong: bool) -> None:
    """Texts are made from each pattern: what a repetition takes, forty times, and then what it does not take."""

    def stop(*_: object) -> None:
        raise TimeoutError

    slow = set()
    earlier = signal.signal(signal.SIGALRM, stop)
    try:
        for pattern in [r"in [(](?:[\w.]+,? ?){1,12}[)]"] if wrong else patterns():
            regex = re.compile(pattern)
            for text in hostile_texts(regex_parser.parse(pattern)):
                signal.setitimer(signal.ITIMER_REAL, 0.2 if wrong else 5)
                try:
                    regex.search(text)
                except TimeoutError:
                    slow.add(pattern)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, earlier)
    assert bool(slow) is wrong, slow


def hostile_texts(parsed: Any, before: str = "") -> Iterator[str]:
    """Yield for each repetition a text that leads to it, repeats what it takes, and ends in what nothing takes."""
    for kind, inner in parsed:
        if kind in (regex_parser.MAX_REPEAT, regex_parser.MIN_REPEAT):
            yield before + 40 * (example(inner[2]) or "a") + "\0"
            yield from hostile_texts(inner[2], before)
        elif kind is regex_parser.SUBPATTERN:
            yield from hostile_texts(inner[3], before)
        elif kind is regex_parser.BRANCH:
            for branch in inner[1]:
                yield from hostile_texts(branch, before)
        before += example([(kind, inner)])


def example(parsed: Any) -> str:
    """Return a short text that a parsed pattern takes, with nothing for what may be left out at its end."""
    found = ""
    for kind, inner in parsed:
        if kind in (regex_parser.MAX_REPEAT, regex_parser.MIN_REPEAT):
            found += inner[0] * example(inner[2])
        elif kind is regex_parser.SUBPATTERN:
            found += example(inner[3])
        elif kind is regex_parser.BRANCH:
            found += example(inner[1][0])
        elif kind is regex_parser.LITERAL:
            found += chr(inner)
        elif kind in (regex_parser.IN, regex_parser.NOT_LITERAL, regex_parser.ANY):
            found += next((one for one in "a1 .,:/-'\"([{=_#\n" if takes(kind, inner, one)), "")
    return found


def takes(kind: Any, inner: Any, char: str) -> bool:
    """Return whether one element of a parsed pattern takes a character."""
    if kind is regex_parser.ANY:
        return char != "\n"
    if kind is regex_parser.NOT_LITERAL:
        return ord(char) != inner
    categories = {"WORD": char.isalnum() or char == "_", "DIGIT": char.isdigit(), "SPACE": char.isspace()}
    is_in = False
    for name, value in inner:
        if name is regex_parser.LITERAL:
            is_in |= ord(char) == value
        elif name is regex_parser.RANGE:
            is_in |= value[0] <= ord(char) <= value[1]
        elif name is regex_parser.CATEGORY:
            _, _, word = str(value).partition("CATEGORY_")
            is_in |= categories[word.removeprefix("NOT_")] is not word.startswith("NOT_")
    return is_in is not (inner[0][0] is regex_parser.NEGATE)


def lazy_constants(module: ModuleType) -> int:
    """Return how many names of a module its source gives a lazy regex."""
    body = parsed(Path(str(module.__file__))).body
    given = [each.value for each in body if isinstance(each, ast.Assign | ast.AnnAssign)]
    return sum(isinstance(each, ast.Call) and getattr(each.func, "id", "") == "lazy_regex" for each in given)
