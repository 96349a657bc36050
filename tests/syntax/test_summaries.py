"""What a new definition says of itself: first sentences of docstrings, of classes, functions and fields."""

from __future__ import annotations

from textwrap import dedent

import pytest

from diffscope.syntax.compare.compare import compare_python

CASES = [
    pytest.param(
        'def pack(x):\n    """Pack ids and weights into one tensor.\n\n    Args:\n        x: ids.\n    """\n',
        {"pack": "Pack ids and weights into one tensor"},
        id="the first sentence of a function, without its full stop",
    ),
    pytest.param(
        'class Pool:\n    """A pool of pages that are\n    freed late. Not safe with threads."""\n    size = 1\n',
        {"Pool": "A pool of pages that are freed late"},
        id="a sentence over two lines stands on one",
    ),
    pytest.param(
        'class Config:\n    eager: bool = False\n    """If set, ``compile`` is skipped, e.g. for debugging."""\n    plain: int = 1\n',
        {"Config.eager": "If set, compile is skipped, e.g. for debugging"},
        id="the string below a field, without markup, its abbreviations whole",
    ),
    pytest.param(
        'def run():\n    """Run it."""\n', {}, id="fewer than four words tell nothing that the name does not"
    ),
    pytest.param(
        "def run():\n    return 'a string of several words'\n", {}, id="a string that is no docstring"
    ),
    pytest.param(
        'def run():\n    """Args: a list of four words."""\n', {}, id="a docstring of sections alone"
    ),
    pytest.param(
        'def run():\n    f"""A text of several {words} here."""\n',
        {},
        id="an interpolated string is no docstring",
    ),
]


@pytest.mark.parametrize(("after", "expected"), CASES)
def test_a_new_definition_speaks_for_itself(after: str, expected: dict[str, str]) -> None:
    found = {change.name: change.summary for change in compare_python(b"", after.encode()).symbols}
    assert {name: text for name, text in found.items() if text} == expected


def test_what_was_there_before_is_not_quoted() -> None:
    """A docstring that changed is no news of what is new."""
    before = 'def run():\n    """Run the first of all steps."""\n    return 1\n'
    after = before.replace("first", "last").replace("1", "2")
    assert [change.summary for change in compare_python(before.encode(), after.encode()).symbols] == [""]


def test_a_long_sentence_is_cut_between_words() -> None:
    source = dedent(f'''
        def run():
            """{"word " * 60}."""
    ''')
    (change,) = (each for each in compare_python(b"", source.encode()).symbols if each.name == "run")
    assert change.summary.endswith("word …")
    assert len(change.summary) <= 182
