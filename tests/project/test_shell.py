from __future__ import annotations

import shlex
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.project.shell_words import folder_in_repository, folders_after, parse_shell, resolve, unquote
from tests.examples import THOROUGH

CALLS = [
    pytest.param("pytest a b", [("pytest", "a", "b")], id="a program and its words"),
    pytest.param("a && b || c; d\ne & f", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",)], id="operators part commands"),
    pytest.param("a | b", [("a",), ("b",)], id="a pipe parts commands"),
    pytest.param("pytest -m 'not cpu_test' \"a b\" c\\ d", [("pytest", "-m", "not cpu_test", "a b", "c d")], id="quotes and escapes"),
    pytest.param("A=1 B='x y' pytest a", [("pytest", "a")], id="assignments in front"),
    pytest.param("export A=1", [("export", "A=1")], id="export is a command"),
    pytest.param("pytest a # b && c", [("pytest", "a")], id="a comment ends the line"),
    pytest.param("pytest a#b", [("pytest", "a#b")], id="a number sign inside a word is none"),
    pytest.param("pytest \\\n  a", [("pytest", "a")], id="a continued line"),
    pytest.param("if [[ -f x ]]; then pytest a; else pytest b; fi", [("[[", "-f", "x", "]]"), ("pytest", "a"), ("pytest", "b")], id="both branches"),
    pytest.param("for f in a b; do pytest $f; done", [("pytest", "$f")], id="a loop's body"),
    pytest.param("(cd x && pytest a)", [("pytest", "a")], id="a group"),
    pytest.param("timeout 30m pytest a", [("pytest", "a")], id="a wrapper with its time"),
    pytest.param("timeout -k 5 2h env X=1 pytest a", [("pytest", "a")], id="wrappers upon wrappers"),
    pytest.param("pytest a > log 2>&1", [("pytest", "a")], id="redirections are no words"),
    pytest.param("cat <<EOF\npytest a\nEOF\npytest b", [("cat",), ("pytest", "b")], id="a here-document is not run"),
    pytest.param("pytest $(ls tests) b", [("pytest", "$(ls tests)", "b")], id="a substitution is one word"),
    pytest.param("", [], id="nothing"),
    pytest.param("# only words", [], id="a comment alone"),
    pytest.param("pytest 'a", [("pytest", "a")], id="a quote that is never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "words"), CALLS)
def test_calls(source: str, words: list[tuple[str, ...]]) -> None:
    assert [call.words for call in parse_shell(source, folders=("",))] == words


VARIABLES = [
    pytest.param('A="x/y.py"\npytest "${A}"', "x/y.py", id="a literal is filled in"),
    pytest.param("export A=x; pytest $A/b", "x/b", id="export assigns too"),
    pytest.param("A=${B:-x} && pytest $A", "x", id="a default stands for what is not known"),
    pytest.param("A=x\nA=$B\npytest $A", "$A", id="a value that is not known makes its name unknown"),
    pytest.param("A=x pytest $A", "$A", id="an assignment for one program is not for its own words"),
    pytest.param("A=x; pytest $$A", "$$A", id="a doubled dollar is Buildkite's"),
    pytest.param("A=x; pytest $AB", "$AB", id="a longer name is another"),
    pytest.param("env ${PARTS[@]} pytest x", "x", id="assignments out of an array"),
]


@pytest.mark.parametrize(("source", "word"), VARIABLES)
def test_variables(source: str, word: str) -> None:
    call = next(call for call in parse_shell(source, folders=("",)) if call.words[0] == "pytest")
    assert call.words[1] == word


FOLDERS = [
    pytest.param("cd tests && pytest a", ("tests",), id="cd changes the folder"),
    pytest.param("cd tests; cd ..; pytest a", ("",), id="and back"),
    pytest.param("cd /vllm-workspace/tests && pytest a", ("tests",), id="the workspace is the repository"),
    pytest.param('cd "$HERE" && pytest a', ("", "tests"), id="a folder that is not known may be two"),
    pytest.param("cd /tmp && pytest a", ("../outside",), id="one outside is outside"),
    pytest.param("bash -c 'pytest a'", ("",), id="a shell string runs where the shell does"),
    pytest.param("bash run.sh 30m 'pytest a'", ("", "tests"), id="a script may run its argument anywhere"),
    pytest.param("bash run.sh 'cd tests && pytest a'", ("tests", "tests/tests"), id="an argument that goes into a folder"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "folders"), FOLDERS)
def test_folders(source: str, folders: tuple[str, ...]) -> None:
    call = [call for call in parse_shell(source, folders=("",)) if call.words[0] == "pytest"][-1]
    assert call.folders == folders
    assert call.is_certain is (len(folders) == 1)


def test_what_is_no_command_string_is_left_alone() -> None:
    """An expression for -k or Python code may talk of pytest without calling it."""
    words = [
        call.words[0]
        for call in parse_shell(
            "pytest -k 'python and bash x'\npython3 -c 'import pytest as p'", folders=("",)
        )
    ]
    assert words == ["pytest", "python3"]


def test_the_folder_after_a_text() -> None:
    """The commands of a step share one shell."""
    assert folders_after("cd tests", ("",)) == ("tests",)
    assert folders_after("pytest a", ("x",)) == ("x",)
    assert folders_after("cd a && pytest b", ("",)) == ("a",)


WORKING = [
    pytest.param("/vllm-workspace/tests", "tests", id="a folder of the workspace"),
    pytest.param("/vllm-workspace/", "", id="the workspace"),
    pytest.param("", "", id="none"),
    pytest.param(".", "", id="here"),
    pytest.param("tests/", "tests", id="a folder of the checkout"),
    pytest.param("/", None, id="the machine's root"),
    pytest.param("/vllm-workspace2", None, id="a name that only begins so"),
    pytest.param("../x", None, id="above the checkout"),
    pytest.param("$X", None, id="a variable"),
]


@pytest.mark.parametrize(("written", "folder"), WORKING)
def test_working_folders(written: str, folder: str | None) -> None:
    assert folder_in_repository(written) == folder


RESOLVED = [
    pytest.param("tests", "v1/a.py", "tests/v1/a.py", id="below the folder"),
    pytest.param("tests", "../examples/a.py", "examples/a.py", id="beside it"),
    pytest.param("", "./a.py", "a.py", id="with a dot"),
    pytest.param("tests", "/vllm-workspace/a.sh", "a.sh", id="absolute in the workspace"),
    pytest.param("tests", "/tmp/a", None, id="absolute elsewhere"),
    pytest.param("", "../a", None, id="above the root"),
    pytest.param("tests", ".", "tests", id="the folder itself"),
    pytest.param("", "~/a", None, id="at home"),
]


@pytest.mark.parametrize(("folder", "word", "path"), RESOLVED)
def test_words_as_paths(folder: str, word: str, path: str | None) -> None:
    assert resolve(folder, word) == path


plain_words = st.lists(st.text("abc -'\"$=/.:", min_size=1, max_size=6), min_size=1, max_size=4)


@given(plain_words)
def test_what_shlex_quotes_is_read_back(words: list[str]) -> None:
    """The oracle is the standard library's quoting."""
    words = ["run", *words]
    calls = parse_shell(shlex.join(words), folders=("",))
    assert calls[0].words == tuple(words)


@given(st.text("ab'\"\\ $", max_size=12))
def test_unquoting_agrees_with_shlex_where_both_read_a_word(source: str) -> None:
    """A word that POSIX shells and shlex read alike; a dollar's escape is where shlex knows less."""
    try:
        words = shlex.split(source)
    except ValueError:
        return
    if len(words) == 1 and "$" not in source and source.strip() == source and " " not in words[0]:
        assert unquote(source) == words[0]


def test_hostile_texts_take_no_time() -> None:
    """Quotes that never close, towers of substitutions, a megabyte of brackets."""
    times = 10_000 if THOROUGH else 2_000
    started = time.process_time()
    for source in (
        '"\\' * 5 * times,
        "$(" * 5 * times,
        "'" * (10 * times - 1),
        "((" * 10 * times,
        "a " * 10 * times,
        "bash -c '" * (times // 2),
        "cat <<E\n" * 2 * times,
        "cat <<E\nE\n" * 2 * times,
    ):
        parse_shell(source, folders=("",))
    assert time.process_time() - started < times / 1250
