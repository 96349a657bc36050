"""What happened to tests."""

from __future__ import annotations

import pytest

from diffscope.facts.ci.skipped_tests import platforms_left
from diffscope.facts.tests import is_test_name
from tests.fact_builders import edit, facts

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
        "def test_a():\n    assert out == 'a'\n",
        "def test_a():\n    assert out.endswith('a')\n",
        {("test_a", "modified"), ("test_a", "assertion-loosened")},
        id="an end instead of the whole",
    ),
    pytest.param(
        "class Tester:\n    def check(self):\n        assert texts == wanted\n",
        "class Tester:\n    def check(self):\n        assert text in wanted\n",
        {("Tester.check", "assertion-loosened")},
        id="a part instead of the whole, in a helper, of one and not of all",
    ),
    pytest.param(
        "def test_a():\n    assert out == 5\n",
        "def test_a():\n    assert out == pytest.approx(5)\n",
        {("test_a", "modified"), ("test_a", "assertion-loosened")},
        id="similarity instead of equality",
    ),
    pytest.param(
        "def test_a():\n    assert out == 5\n",
        "def test_a():\n    assert out == 6\n    assert out >= 5\n",
        {("test_a", "modified")},
        id="another value, and one condition more",
    ),
    pytest.param(
        "def test_a():\n    assert out == 5\n",
        "def test_a():\n    assert other >= 5\n",
        {("test_a", "modified")},
        id="an assertion about something else",
    ),
    pytest.param(
        "def test_a():\n    assert response.output[0].kind == 'message'\n",
        "def test_a():\n    assert len(response.input_messages) >= 1\n",
        {("test_a", "modified")},
        id="an assertion about something else of the same thing",
    ),
    pytest.param(
        "def test_a():\n    if out == 5:\n        run()\n",
        "def test_a():\n    if out >= 5:\n        run()\n",
        {("test_a", "modified")},
        id="a condition that is no assertion",
    ),
    pytest.param(
        "def test_a():\n    assert out in wanted\n",
        "def test_a():\n    assert out == wanted\n",
        {("test_a", "modified")},
        id="an assertion gets stricter",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n",
        "def test_a():\n    assert 1\n\n\n@pytest.mark.xfail(reason='not yet')\ndef test_b():\n    assert 2\n",
        {("test_b", "added"), ("test_b", "xfailed")},
        id="a new test that is known to fail",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n",
        "def test_a():\n    assert 1\n\n\n@pytest.mark.skipif(not is_new(), reason='old')\ndef test_b():\n    assert 2\n",
        {("test_b", "added")},
        id="a new test that is skipped elsewhere",
    ),
    pytest.param(
        "def test_a():\n    assert run() == 5\n",
        "def test_a_of_five():\n    out = run(5)\n    assert out == 6\n",
        {("test_a_of_five", "added")},
        id="a test gets a longer name",
    ),
    pytest.param(
        "def test_a():\n    assert run() == 5\n",
        "class TestAll:\n    def test_a(self):\n        out = run(5)\n        assert out == 6\n",
        {("TestAll.test_a", "added")},
        id="a test goes into a class",
    ),
    pytest.param(
        "def test_pick():\n    a = make()\n    b = grow(a)\n    c = run(b)\n    assert c == 5\n",
        "def test_chosen():\n    a = make()\n    b = grow(a)\n    c = walk(b)\n    assert c == 6\n",
        {("test_chosen", "added")},
        id="a test with half of its lines in another",
    ),
    pytest.param(
        "def test_pick():\n    a = make()\n    b = grow(a)\n    c = run(b)\n    assert c == 5\n",
        "def test_chosen():\n    one = other()\n    two = other(one)\n    three = other(two)\n    assert two != three\n",
        {("test_chosen", "added"), ("test_pick", "removed")},
        id="another test in the same file",
    ),
    pytest.param(
        "@pytest.mark.parametrize('kind', ['a'])\ndef test_a(kind):\n    assert run(kind)\n",
        "@pytest.mark.parametrize('kind', ['a'])\ndef test_a(kind, way):\n    why = way.check()\n    if why:\n        pytest.skip(why)\n"
        "    assert run(kind)\n",
        {("test_a", "modified")},
        id="a skip by what a new parameter answers",
    ),
    pytest.param(
        "def test_a(kind):\n    assert run(kind)\n",
        "def test_a(kind):\n    why = kind.check()\n    if why:\n        pytest.skip(why)\n    assert run(kind)\n",
        {("test_a", "modified"), ("test_a", "skipped")},
        id="a skip by what an old parameter answers",
    ),
    pytest.param(
        "def test_a():\n    out = run()\n    assert out.code == 5\n    assert out.text == 'a'\n",
        "def test_a():\n    out = run()\n    assert out.code == 5\n",
        {("test_a", "modified"), ("test_a", "assertion-removed")},
        id="an assertion goes",
    ),
    pytest.param(
        "def test_a():\n    out = run()\n    assert out.code == 5\n    assert out.text == 'a'\n",
        "def test_a():\n    out = run()\n    assert out.code == 5\n\n\ndef test_b():\n    assert run().text == 'a'\n",
        {("test_a", "modified"), ("test_b", "added")},
        id="an assertion goes into another test",
    ),
    pytest.param(
        "def test_a():\n    out = run()\n    assert out.code == 5\n    assert out.text == 'a'\n",
        "def test_a():\n    out = run()\n    assert out == Answer(5, 'a')\n    assert out.done\n",
        {("test_a", "modified")},
        id="as many other assertions",
    ),
    pytest.param(
        "@pytest.mark.parametrize('kind', ['a', 'b', 'c'])\ndef test_a(kind):\n    assert run(kind)\n",
        "@pytest.mark.parametrize('kind', ['a', pytest.param('b', id='x')])\ndef test_a(kind):\n    assert run(kind)\n",
        {("test_a", "modified"), ("test_a", "parameters-removed")},
        id="a parameter set goes",
    ),
    pytest.param(
        "@pytest.mark.parametrize('kind', ['a', 'b'])\ndef test_a(kind):\n    assert run(kind)\n",
        "@pytest.mark.parametrize('kind', ['a', 'c'])\ndef test_a(kind):\n    assert run(kind)\n",
        {("test_a", "modified")},
        id="one parameter set for another",
    ),
    pytest.param(
        "@pytest.mark.parametrize('kind', ['a', 'b'])\ndef test_a(kind):\n    assert run(kind)\n",
        "@pytest.mark.parametrize('kind', KINDS)\ndef test_a(kind):\n    assert run(kind)\n",
        {("test_a", "modified")},
        id="parameter sets that a variable holds now",
    ),
    pytest.param(
        "def test_a():\n    assert 1\n", "def test_a():\n    # One.\n    assert 1\n", set(), id="a comment"
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), ROWS)
def test_changes_of_tests(before: str, after: str, expected: set[tuple[str, str]]) -> None:
    found = edit(PATH, "import pytest\n\n\n" + before, "import pytest\n\n\n" + after).test
    assert {(one.symbol, one.change) for one in found} == expected


BROUGHT = [
    pytest.param({"tests/v1/rows.txt": "org/one\n"}, {"tests/v1/rows.txt": "org/one\norg/pool-2b\n"}, False, id="a row of the same change"),
    pytest.param({}, {"tests/v1/org/pool-2b.yaml": "a: 1\n"}, False, id="a file of the same change"),
    pytest.param({}, {}, True, id="nothing of it"),
    pytest.param({"tests/v1/rows.txt": "org/pool-2b\n"}, {"tests/v1/rows.txt": "org/one\norg/pool-2b\n"}, True, id="it was there"),
    pytest.param({}, {"tests/v1/other.py": "x = 'org/pool-2b'\n"}, True, id="a new file speaks of it"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "skipped"), BROUGHT)
def test_a_skip_of_what_arrives_takes_nothing_away(
    before: dict[str, str], after: dict[str, str], skipped: bool
) -> None:
    test = "import pytest\n\n\ndef test_a(model):\n"
    skip = "    if model.startswith('org/pool-2b'):\n        pytest.skip('later')\n"
    run = "    assert run(model)\n"
    found = facts({PATH: test + run, **before}, {PATH: test + skip + run, **after}).test
    assert any(one.change == "skipped" for one in found) is skipped


def test_only_what_pytest_collects_is_a_test() -> None:
    """Helpers and fixtures are none; methods count in classes named Test."""
    names = ["test_a", "TestPool.test_a", "Pool.test_a", "helper", "TestPool.setup"]
    assert [is_test_name(name) for name in names] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("condition", "platforms"),
    [
        pytest.param("current_platform.is_rocm(), reason='off, or slow'", {"rocm"}, id="one platform; the reason is none"),
        pytest.param("not current_platform.is_cuda_alike()", {"xpu", "cpu", "tpu", "hpu"}, id="all but two"),
        pytest.param("current_platform.is_xpu() or current_platform.is_cpu()", {"xpu", "cpu"}, id="either of two"),
        pytest.param("current_platform.is_rocm() and slow()", {"rocm"}, id="something besides narrows it"),
        pytest.param("current_platform.is_rocm() or slow()", set(), id="something besides widens it"),
        pytest.param("not (current_platform.is_cuda() or current_platform.is_rocm()), reason='no'", {"xpu", "cpu", "tpu", "hpu"}, id="neither of two"),
        pytest.param("not (current_platform.is_rocm() and has_x())", set(), id="a platform and more"),
        pytest.param("current_platform.is_rocm( or", set(), id="no expression"),
        pytest.param("slow()", set(), id="no platform is asked for"),
        pytest.param("", set(), id="no condition"),
    ],
)  # fmt: skip
def test_platforms_on_which_a_test_is_skipped(condition: str, platforms: set[str]) -> None:
    assert platforms_left(condition) == platforms
