"""Lines are those of git and of Python: nothing but LF ends one, whatever else a text holds."""

from __future__ import annotations

import pytest

from diffscope.facts.model import ChangeFacts
from tests.fact_builders import edit, facts

SEPARATORS = [
    pytest.param("\f", id="form feed"),
    pytest.param("\x0b", id="vertical tab"),
    pytest.param("\x1c", id="file separator"),
    pytest.param("\x85", id="next line"),
    pytest.param("\u2028", id="line separator"),
    pytest.param("\u2029", id="paragraph separator"),
    pytest.param(" ", id="a blank, for comparison"),
]


@pytest.fixture(params=SEPARATORS)
def odd(request: pytest.FixtureRequest) -> str:
    """Return a comment with ten characters at which `str.splitlines` cuts."""
    return "# a" + str(request.param) * 10 + "b\n"


FUNCTION = "def f(self, x):\n    y = x + 1\n    with self.lock:\n        z = y * 3\n    w = z - x\n    return w{end}\n"


def _symbols(found: ChangeFacts) -> list[tuple[object, ...]]:
    return [
        (one.path, one.line, one.aspects, one.logic, one.code_added, one.code_removed) for one in found.symbol
    ]


def test_an_edit_of_the_last_line_is_logic(odd: str) -> None:
    found = edit("vllm/a.py", odd + FUNCTION.format(end=""), odd + FUNCTION.format(end=" + 1"))
    assert _symbols(found) == [("vllm/a.py", 2, ("body",), True, 1, 0)]


def test_renamed_locals_below_are_cosmetic(odd: str) -> None:
    after = FUNCTION.format(end="").replace("w", "total").replace("totalith", "with")
    found = edit("vllm/a.py", odd + FUNCTION.format(end=""), odd + after)
    assert _symbols(found) == [("vllm/a.py", 2, ("cosmetic",), False, 0, 0)]


def test_a_move_from_below_is_a_move(odd: str) -> None:
    keep = "def keep():\n    return 1\n"
    found = facts(
        {"vllm/a.py": odd + FUNCTION.format(end="") + keep, "vllm/b.py": keep},
        {"vllm/a.py": odd + keep, "vllm/b.py": keep + FUNCTION.format(end="")},
    )
    assert [(one.path, one.aspects, one.logic) for one in found.symbol] == [
        ("vllm/a.py", ("removed", "moved"), False),
        ("vllm/b.py", ("moved",), False),
    ]


def test_a_call_stands_on_its_line(odd: str) -> None:
    gone = FUNCTION.format(end="").replace("with self.lock", "if x")
    found = edit("vllm/a.py", odd + FUNCTION.format(end=""), odd + gone)
    assert [(one.role, one.change, one.side, one.line) for one in found.call] == [
        ("lock", "removed", "old", 4)
    ]


def test_requirements_and_images_stand_on_their_lines(odd: str) -> None:
    before, after = odd + "torch==2.8.0\n", odd + "torch==2.9.0\n"
    image = odd + "FROM ubuntu:22.04\nARG CUDA_VERSION={}\n"
    found = facts(
        {"requirements/cuda.txt": before, "docker/Dockerfile": image.format("12.8.1")},
        {"requirements/cuda.txt": after, "docker/Dockerfile": image.format("12.9.1")},
    )
    assert [(one.path, one.line) for one in found.dependency] == [
        ("docker/Dockerfile", 3),
        ("requirements/cuda.txt", 2),
    ]
    assert [(one.path, one.line) for one in found.build] == [("docker/Dockerfile", 3)]


def test_a_test_that_is_skipped_for_what_a_name_stands_for(odd: str) -> None:
    """The lines of a test are read below such a comment too."""
    test = "import pytest\n\n\ndef test_f(x):\n    y = x\n{}    assert y\n"
    skip = '    small = y < 3\n    if small:\n        pytest.skip("too small")\n'
    found = edit("tests/test_a.py", odd + test.format(""), odd + test.format(skip))
    assert [(one.change, one.line) for one in found.test] == [("modified", 5), ("skipped", 9)]


def test_a_file_with_cr_alone_is_one_line_to_git() -> None:
    """Syntax counts its lines as Python does; a place in it is the one line that git shows."""
    before = FUNCTION.format(end="").replace("\n", "\r")
    found = edit("vllm/a.py", before, FUNCTION.format(end=" + 1").replace("\n", "\r"))
    assert [(one.symbol, one.line, one.logic) for one in found.symbol] == [("f", 1, True)]
