"""What tests run without naming it: through what they name, and through the class above."""

from __future__ import annotations

import pytest

from tests.fact_builders import facts

PATH = "vllm/v1/pool.py"
TEST = "tests/v1/test_pool.py"
BODY = "        x = x + 1\n        return x\n"
CHAIN = """\
def open_pool(x):
    return pick_pool(x)


def pick_pool(x):
    return fast_pool(x)


def fast_pool(x):
    return deep_pool(x)


def deep_pool(x):
    return x
"""
KERNEL = """\
def open_pool(x):
    return PoolKernel.compile(x)


class PoolKernel:
    def __init__(self):
        self.x = 1

    def compile(x):
        return PoolKernel()

    def launch(self, x):
        return x


class OtherKernel:
    def launch_other(self, x):
        return x
"""
REACHED = [
    pytest.param(CHAIN, "from vllm.v1.pool import open_pool\nopen_pool(1)\n", {"open_pool", "pick_pool", "fast_pool"}, id="two calls from what a test names"),
    pytest.param(KERNEL, "from vllm.v1.pool import open_pool\nopen_pool(1)\n", {"open_pool", "PoolKernel", "PoolKernel.__init__", "PoolKernel.compile", "PoolKernel.launch"}, id="a class of which a method is called, with all of its methods"),
    pytest.param(KERNEL, "from vllm.v1.pool import OtherKernel\nOtherKernel()\n", {"OtherKernel", "OtherKernel.launch_other"}, id="a class that a test names, with its methods"),
    pytest.param(CHAIN, "x = 1\n", set(), id="nothing is named"),
    pytest.param("@jit\ndef pool_kernel(x):\n    return x\n\n\ndef open_pool(x):\n    pool_kernel[(1,)](x)\n", "open_pool(1)\n", {"open_pool", "pool_kernel"}, id="a kernel is called with its grid"),
    pytest.param("POOLS = {'fast': fast_pool}\n\n\ndef fast_pool(x):\n    return x\n\n\ndef slow_pool(x):\n    return x\n\n\ndef open_pool(x):\n    return POOLS['fast'](x)\n", "open_pool(1)\n", {"open_pool", "fast_pool", "POOLS"}, id="what a table holds that the function asks"),
    pytest.param("def open_pool(x):\n    return x\n", "def open_pool(x):\n    return -x\n\n\nopen_pool(1)\n", set(), id="a test names its own function of that name"),
    pytest.param("def open_pool(x):\n    return x\n", "def open_pool(x):\n    return pool.open_pool(x)\n\n\nopen_pool(1)\n", {"open_pool"}, id="a test wraps the function under its name"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "test", "expected"), REACHED)
def test_what_the_tests_of_a_change_reach(source: str, test: str, expected: set[str]) -> None:
    found = facts({}, {PATH: source, TEST: test}, tree={"vllm/v1/__init__.py": ""}).symbol
    assert {one.symbol for one in found if one.path == PATH and one.reached_by_tests} == expected


def test_a_row_beside_much_new_code_reaches_nothing() -> None:
    more = "".join(f"\n\ndef pool_{n}(x):\n    return x\n" for n in range(40))
    found = facts({}, {PATH: CHAIN + more, TEST: "open_pool(1)\n"}, tree={"vllm/v1/__init__.py": ""}).symbol
    assert not any(one.reached_by_tests for one in found)


def test_without_a_test_in_the_change_nothing_is_reached() -> None:
    found = facts({}, {PATH: CHAIN}, tree={TEST: "open_pool(1)\n"}).symbol
    assert not any(one.reached_by_tests for one in found)


TREE = {
    "vllm/base.py": "class Root:\n    def close(self): ...\n\n\nclass Base(Root):\n    def apply(self, x): ...\n",
    "vllm/api/__init__.py": "from vllm.base import Base\n",
}
IMPLEMENTED = [
    pytest.param("from vllm.base import Base\n\n\nclass Pool(Base):\n", {"Pool.apply", "Pool.close"}, id="a class of the tree, and the one above it"),
    pytest.param("from vllm.api import Base as Above\n\n\nclass Pool(Above[int]):\n", {"Pool.apply", "Pool.close"}, id="a class that a package hands on"),
    pytest.param("from .. import base\n\n\nclass Pool(base.Base):\n", {"Pool.apply", "Pool.close"}, id="a class of an imported module"),
    pytest.param("class Mine:\n    def fresh(self): ...\n\n\nclass Pool(Mine):\n", {"Pool.fresh"}, id="a class that the same change adds"),
    pytest.param("from vllm.v1.new import New\n\n\nclass Pool(New):\n", {"Pool.fresh", "Pool.apply", "Pool.close"}, id="a class of another new file, and those of the tree above it"),
    pytest.param("from torch import nn\n\n\nclass Pool(nn.Module):\n", set(), id="a class of another project"),
    pytest.param("class Pool:\n", set(), id="no class above"),
    pytest.param("class Pool(Pool):\n", set(), id="a class that names itself"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "expected"), IMPLEMENTED)
def test_new_methods_that_a_class_above_declares(head: str, expected: set[str]) -> None:
    methods = "".join(f"    def {name}(self, x):\n{BODY}\n" for name in ("apply", "close", "fresh", "own"))
    new = "from vllm.base import Base\n\n\nclass New(Base):\n    def fresh(self): ...\n"
    found = facts({}, {PATH: head + methods, "vllm/v1/new.py": new}, tree=TREE).symbol
    assert {one.symbol for one in found if one.path == PATH and one.implements} == expected


def test_a_method_that_was_there_is_no_new_one() -> None:
    head = "from vllm.base import Base\n\n\nclass Pool(Base):\n    def apply(self, x):\n        return x"
    found = facts({PATH: f"{head}\n"}, {PATH: f"{head} + 1\n"}, tree=TREE).symbol
    assert [(one.symbol, one.implements) for one in found] == [("Pool.apply", False)]


KNOWN = "from vllm.v1.pool import open_pool\n\n\ndef test_pool():\n    assert open_pool(1)\n"
OLD = "def open_pool(x, config):\n    return x\n"
NEW = "\n\ndef fast_pool(x):\n    return deep_pool(x)\n\n\ndef deep_pool(x):\n    return x\n"
THROUGH = [
    pytest.param("def open_pool(x, config):\n    return fast_pool(x)\n", KNOWN, {"fast_pool", "deep_pool"}, id="a call, and what is called in turn"),
    pytest.param("def open_pool(x, config):\n    if is_new(x):\n        take = fast_pool\n        return take(x)\n    return x\n", KNOWN, {"fast_pool", "deep_pool"}, id="a name, where the hardware can"),
    pytest.param("def open_pool(x, config):\n    if config.fast:\n        return fast_pool(x)\n    return x\n", KNOWN, set(), id="an option that no test of before sets"),
    pytest.param("def open_pool(x, config, mode=None):\n    if mode:\n        return fast_pool(x)\n    return x\n", KNOWN, set(), id="a parameter that no test of before gives"),
    pytest.param("def open_pool(x, config):\n    # fast_pool comes later.\n    return x + 1\n", KNOWN, set(), id="a comment hands on nothing"),
    pytest.param("def open_pool(x, config):\n    return fast_pool(x)\n", "def test_pool():\n    assert open_pool(1)\n", set(), id="a test of something else by that name"),
    pytest.param("def open_pool(x, config):\n    return fast_pool(x)\n", "import pytest\nfrom vllm.v1.pool import open_pool, shut\n\n\n@pytest.mark.skipif(not open_pool(1, 2), reason='none')\ndef test_pool():\n    assert shut(1)\n", set(), id="a test that only skips by it"),
]  # fmt: skip


@pytest.mark.parametrize(("after", "test", "expected"), THROUGH)
def test_what_tests_of_the_base_run_through_an_edited_function(
    after: str, test: str, expected: set[str]
) -> None:
    tree = {"vllm/v1/__init__.py": "", TEST: test}
    found = facts({PATH: OLD}, {PATH: after + NEW}, tree=tree).symbol
    assert {one.symbol for one in found if one.tested_through == "open_pool"} == expected
    assert all(one.tested_through in (None, "open_pool") for one in found)


def test_a_name_that_only_a_skip_asks_for_is_not_named() -> None:
    """It runs where the test is collected, and tells nothing of what it answers."""
    source = {PATH: "def has_pool():\n    return 1\n\n\ndef take():\n    return 2\n"}
    head = "import pytest\nfrom vllm.v1.pool import has_pool, take\n\n\n"
    test = head + "@pytest.mark.skipif(not has_pool(), reason='none')\ndef test_take():\n    assert take()\n"
    found = facts({}, {**source, TEST: test}, tree={"vllm/v1/__init__.py": ""}).symbol
    assert {one.symbol: one.changed_tests_naming for one in found if one.path == PATH} == {
        "has_pool": 0,
        "take": 1,
    }
    known = facts({PATH: "def has_pool():\n    return 0\n"}, source, tree={TEST: test}).symbol
    assert [one.tests_naming for one in known if one.symbol == "has_pool"] == [0]
