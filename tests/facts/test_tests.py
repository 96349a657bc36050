"""What happened to tests."""

from __future__ import annotations

import pytest

from diffscope.facts.tests import is_test_name
from tests.fact_builders import edit

PATH = "tests/v1/test_pool.py"
ROWS = [
    pytest.param(
        "def test_a():\n    assert 1\n",
        "def test_a():\n    assert 1\n\n\ndef test_b():\n    assert 2\n",
        {("test_b", "added")},
        id="a test is added",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n\n\ndef test_b():\n    assert run() == 5\n",
        "def test_a():\n    assert 1\n",
        {("test_b", "removed")},
        id="a test is removed",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n",
        "@pytest.mark.skip(reason='slow')\ndef test_a():\n    assert 1\n",
        {("test_a", "modified"), ("test_a", "skipped")},
        id="a skip mark",
    ),
    pytest.param(
        "@pytest.mark.skip(reason='slow')\ndef test_a():\n    assert 1\n",
        "def test_a():\n    assert 1\n",
        {("test_a", "modified"), ("test_a", "unskipped")},
        id="a skip mark goes",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n",
        "def test_a():\n    pytest.skip('slow')\n    assert 1\n",
        {("test_a", "modified"), ("test_a", "skipped")},
        id="a skip in the body",
    ),
    pytest.param(
        "def test_a():\n    close(x, y, atol=1e-3)\n",
        "def test_a():\n    close(x, y, atol=1e-2)\n",
        {("test_a", "modified"), ("test_a", "tolerance-loosened")},
        id="a looser tolerance",
    ),
    pytest.param(
        "def test_a():\n    close(x, y, atol=1e-2)\n",
        "def test_a():\n    close(x, y, atol=1e-3)\n",
        {("test_a", "modified")},
        id="a tighter tolerance",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n", "def test_a():\n    # One.\n    assert 1\n", set(), id="a comment"
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), ROWS)
def test_changes_of_tests(before: str, after: str, expected: set[tuple[str, str]]) -> None:
    found = edit(PATH, "import pytest\n\n\n" + before, "import pytest\n\n\n" + after).test
    assert {(one.symbol, one.change) for one in found} == expected


def test_only_what_pytest_collects_is_a_test() -> None:
    """Helpers and fixtures are none; methods count in classes named Test."""
    names = ["test_a", "TestPool.test_a", "Pool.test_a", "helper", "TestPool.setup"]
    assert [is_test_name(name) for name in names] == [True, True, False, False, False]
