from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from diffscope.errors import RuleError
from diffscope.yaml.strict import Limits, MapNode, ScalarNode, parse_strict, parse_tolerant, plain
from tests.examples import any_text
from tests.strict_yaml import load_strict, load_tolerant

SCALARS = [
    pytest.param("on", "on", id="on stays text"),
    pytest.param("yes", "yes", id="yes stays text"),
    pytest.param("no", "no", id="no stays text"),
    pytest.param("Off", "Off", id="Off stays text"),
    pytest.param("010", "010", id="a leading zero makes text"),
    pytest.param("00.5", "00.5", id="a leading zero makes text of a fraction too"),
    pytest.param("12:30", "12:30", id="base 60 stays text"),
    pytest.param("1_000", "1_000", id="underscores stay text"),
    pytest.param("0.1.0", "0.1.0", id="a version stays text"),
    pytest.param("2026-03-23", "2026-03-23", id="a date stays text"),
    pytest.param(".inf", ".inf", id="infinity stays text"),
    pytest.param(".nan", ".nan", id="not a number stays text"),
    pytest.param("1e999", "1e999", id="a number beyond all numbers stays text"),
    pytest.param("9" * 5000, "9" * 5000, id="a number of 5,000 digits stays text"),
    pytest.param("<<", "<<", id="a merge sign that is a value stays text"),
    pytest.param("true", True, id="true is a truth value"),
    pytest.param("FALSE", False, id="FALSE is a truth value"),
    pytest.param("~", None, id="a tilde is null"),
    pytest.param("null", None, id="null is null"),
    pytest.param("", None, id="nothing is null"),
    pytest.param("0", 0, id="zero"),
    pytest.param("-17", -17, id="a negative integer"),
    pytest.param("+3", 3, id="a positive sign"),
    pytest.param("0x1F", 31, id="hexadecimal"),
    pytest.param("0o17", 15, id="octal as YAML 1.2 writes it"),
    pytest.param("1.5", 1.5, id="a fraction"),
    pytest.param(".5", 0.5, id="a fraction without its zero"),
    pytest.param("1e3", 1000.0, id="an exponent"),
    pytest.param("'true'", "true", id="quotes make text"),
    pytest.param('"1"', "1", id="double quotes make text"),
    pytest.param("|\n  1\n", "1\n", id="a block is text"),
]


@pytest.mark.parametrize(("written", "value"), SCALARS)
def test_scalars_are_read_by_the_core_schema_numbers_in_doubt_as_text(written: str, value: object) -> None:
    root = load_strict(f"key: {written}", at="x.yml")
    assert isinstance(root, MapNode)
    found = plain(root)["key"]  # type: ignore[index]
    assert (found, type(found)) == (value, type(value))


def test_keys_and_values_know_their_place() -> None:
    """Line and column count from 1, for keys, values and the items of lists."""
    root = load_strict("a: 1\nlong key:\n  - x\n  - {b: yes}\n", at="x.yml")
    assert isinstance(root, MapNode)
    assert [(entry.key, entry.line, entry.column) for entry in root.entries] == [
        ("a", 1, 1),
        ("long key", 2, 1),
    ]
    items = root.get("long key").items  # type: ignore[union-attr]
    assert [(item.line, item.column) for item in items] == [(3, 5), (4, 5)]
    assert root.get("a") == ScalarNode(1, "1", True, 1, 4)
    assert root.get("absent") is None
    assert root.keys() == ("a", "long key")


BROKEN = [
    pytest.param("a: 1\nb: 2\na: 3", 3, "duplicate key 'a', first on line 1", id="a key stands twice"),
    pytest.param("a: &x 1", 1, "the anchor &x is not allowed", id="an anchor"),
    pytest.param("a: 1\nb: *x", 2, "the alias *x is not allowed", id="an alias"),
    pytest.param("a: !!str 1", 1, "the tag tag:yaml.org,2002:str is not allowed", id="a standard tag"),
    pytest.param("a: !!python/object:os.system x", 1, "the tag tag:yaml.org,2002:python/object:os.system is not allowed", id="a hostile tag"),
    pytest.param("<<: {a: 1}", 1, "merge keys (<<) are not allowed", id="a merge key"),
    pytest.param("? [a]\n: 1", 1, "a key is not text", id="a list as a key"),
    pytest.param("%YAML 1.1\n---\na: 1", 1, "directives (%YAML, %TAG) are not allowed", id="a directive"),
    pytest.param("a: 1\n---\nb: 2", 2, "the file holds more than one document", id="two documents"),
    pytest.param("a: [1", 2, "not valid YAML: did not find expected ',' or ']' while parsing a flow sequence", id="an open bracket"),
    pytest.param("a: \x07", 1, "not valid YAML: control characters are not allowed", id="a control character"),
    pytest.param("a: 1\nb: '\ud800'", 2, "the text holds a lone surrogate, which is not a character", id="a lone surrogate"),
    pytest.param(
        "a:\n\t- 1", 2, "not valid YAML: found character that cannot start any token while scanning for the next token", id="a tab as indent"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), BROKEN)
def test_what_is_not_strict_is_refused_with_its_line_and_a_hint(text: str, line: int, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_strict(text, at="rules/x.yml")
    assert caught.value.message == message
    assert (caught.value.at or "").rpartition(":")[0] == f"rules/x.yml:{line}"
    assert caught.value.hint


def test_all_problems_of_a_file_are_reported_at_once() -> None:
    """The error lists each with its own place and hint."""
    with pytest.raises(RuleError) as caught:
        load_strict("a: &x 1\nb: *x\nb: !t 2\n<<: {}\n", at="f.yml")
    assert caught.value.message.splitlines() == [
        "5 mistakes",
        "f.yml:1:4: the anchor &x is not allowed (write the value out)",
        "f.yml:2:4: the alias *x is not allowed (write the value out)",
        "f.yml:3:1: duplicate key 'b', first on line 2 (remove or rename one of the two)",
        "f.yml:3:4: the tag !t is not allowed (remove the tag; quote text)",
        "f.yml:4:1: merge keys (<<) are not allowed (write the keys out)",
    ]


CAPS = [
    pytest.param("[" * 5000, Limits(), "values are nested more than 32 levels deep", id="5,000 open brackets"),
    pytest.param("{a: " * 40 + "1" + "}" * 40, Limits(), "values are nested more than 32 levels deep", id="40 nested mappings"),
    pytest.param("- 1\n" * 30, Limits(max_nodes=20), "the file has more than 20 values", id="too many values"),
    pytest.param("a: " + "x" * 100, Limits(max_characters=50), "the file has 103 characters; at most 50 are read", id="too long a file"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "limits", "message"), CAPS)
def test_size_and_depth_are_capped(text: str, limits: Limits, message: str) -> None:
    problems = parse_strict(text, limits=limits)[1]
    assert [problem.message for problem in problems] == [message]


def test_a_file_with_a_thousand_problems_reports_fifty() -> None:
    """Nobody reads a thousand lines of errors, and a hostile file must not make us write them."""
    assert len(parse_strict("".join(f"a: {number}\n" for number in range(1000)))[1]) == 50


def test_an_empty_file_is_null() -> None:
    """No document at all reads as nothing, not as an error: the caller knows what it wanted."""
    assert plain(load_strict("", at="x")) is None
    assert plain(load_strict("# only a comment\n", at="x")) is None


def test_other_peoples_yaml_is_read_as_pyyaml_reads_it() -> None:
    """YAML 1.1 words and octals, anchors, merge keys with explicit keys winning, several documents."""
    text = "a: &x {b: 010, c: yes, n: 1_000}\nd: {b: 2, <<: *x}\ne: {<<: [*x, {z: 1}], c: off}\nf: 12:30\n---\n- 2026-01-01\n"
    documents, problems = load_tolerant(text, at="x.yml")
    assert documents == (
        {
            "a": {"b": 8, "c": True, "n": 1000},
            "d": {"b": 2, "c": True, "n": 1000},
            "e": {"b": 8, "n": 1000, "z": 1, "c": False},
            "f": "12:30",
        },
        ["2026-01-01"],
    )
    assert problems == ()


def test_duplicate_keys_and_unknown_tags_of_others_are_reported_and_read() -> None:
    """The last of two keys wins, as in PyYAML; an unknown tag leaves its value as if untagged."""
    documents, problems = load_tolerant("a: 1\na: 2\nb: !env HOME\nc: !!str x\n", at="y.yml")
    assert documents == ({"a": 2, "b": "HOME", "c": "x"},)
    assert problems == (
        "y.yml:2: duplicate key 'a', first on line 1",
        "y.yml:3: the tag !env is unknown; its value is read as if untagged",
    )


def test_what_stands_before_a_syntax_error_is_kept() -> None:
    """A broken second document does not take the first with it."""
    documents, problems = load_tolerant("a: 1\n---\nb: [\n", at="z.yml")
    assert documents == ({"a": 1},)
    assert len(problems) == 1
    assert "not valid YAML" in problems[0]


def test_alias_bombs_stop_at_the_cap() -> None:
    """Nine aliases of nine aliases, twelve times over: a few bytes that would be 282 billion values."""
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    lines += [f"{chr(98 + at)}: &{chr(98 + at)} [{','.join(['*' + chr(97 + at)] * 9)}]" for at in range(12)]
    started = time.process_time()
    documents, problems = parse_tolerant("\n".join(lines))
    assert [problem.message for problem in problems] == ["the file has more than 400,000 values"]
    assert documents == ()
    assert time.process_time() - started < 2


def test_an_alias_of_itself_and_one_that_nests_too_deep_are_reported() -> None:
    """Neither may send a reader into endless recursion."""
    assert load_tolerant("a: &a [*a]", at="x")[1] == ("x:1: the alias *a names no anchor before it",)
    tower = ["l0: &l0 " + "[" * 40 + "]" * 40] + [
        f"l{at}: &l{at} " + "[" * 40 + f"*l{at - 1}" + "]" * 40 for at in range(1, 9)
    ]
    assert "nests values too deep" in load_tolerant("\n".join(tower), at="x")[1][0]


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | any_text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(json_like)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    """An oracle for both readers: PyYAML quotes what would be read otherwise, in YAML 1.1, of which ours takes less."""
    text = yaml.safe_dump(value)
    assert load_tolerant(text, at="x")[0] == (value,)
    document, problems = parse_strict(text)
    assert problems == ()
    assert plain(document) == value


@given(any_text(max_size=200))
def test_no_text_makes_a_reader_raise(text: str) -> None:
    """Whatever comes in, problems come out."""
    parse_strict(text)
    parse_tolerant(text)


OTHER_ENDS = [
    pytest.param("a: 'x\u2028y'\nb: [1]\nc: 2\n", [("a", 1, 1), ("b", 2, 1), ("c", 3, 1)], id="U+2028 in a text"),
    pytest.param('a: "x \x85 y"\r\nb: 1\r\nc: 2\r\n', [("a", 1, 1), ("b", 2, 1), ("c", 3, 1)], id="NEL beside CR LF"),
    pytest.param("a: 1\rb: 2\nc: 3\n", [("a", 1, 1), ("b", 1, 6), ("c", 2, 1)], id="CR ends a line of YAML and none of git"),
    pytest.param("\ufeffa: '\u2029'\nb: 1\n", [("a", 1, 1), ("b", 2, 1)], id="a byte order mark moves nothing"),
    pytest.param("\U0001f600: '\u2029'\nb: 1\n", [("\U0001f600", 1, 1), ("b", 2, 1)], id="wide characters count once"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places"), OTHER_ENDS)
def test_lines_are_counted_as_git_does(text: str, places: list[tuple[str, int, int]]) -> None:
    documents, problems = parse_tolerant(text)
    assert problems == ()
    assert isinstance(documents[0], MapNode)
    assert [(entry.key, entry.line, entry.column) for entry in documents[0].entries] == places


def test_a_syntax_error_is_told_on_the_line_of_git() -> None:
    _, problems = parse_tolerant("a: 'x\u2028\u2028y'\nb: ]\n")
    assert [problem.line for problem in problems] == [2]
