"""Overrides and siblings that a changed method leaves behind, out of the classes of the tree."""

from __future__ import annotations

import pytest

from diffscope.facts.model import ChangeFacts
from tests.fact_builders import facts

BASE = "class Pool:\n    def take(self, size{0}):\n        return size\n"
CHILD = "from vllm.pools.base import Pool\n\n\nclass FastPool(Pool):\n    def take(self, {0}):\n        return 1\n"
PACKAGE = {"vllm/__init__.py": "", "vllm/pools/__init__.py": ""}


def changed(parameters: str, child: str) -> ChangeFacts:
    before, after = {"vllm/pools/base.py": BASE.format("")}, {"vllm/pools/base.py": BASE.format(parameters)}
    return facts(before, after, tree={**PACKAGE, "vllm/pools/fast.py": CHILD.format(child)})


ROWS = [
    pytest.param(", device", "size", ["does not take `device`"], id="the override lacks the new parameter"),
    pytest.param(", device", "size, device", [], id="the override has it already"),
    pytest.param(", device", "*args, **kwargs", [], id="the override takes everything"),
    pytest.param(
        ", device=None", "size", ["does not take `device`"], id="even an optional one may be passed"
    ),
    pytest.param("", "size", [], id="nothing changed in the signature"),
]


@pytest.mark.parametrize(("parameters", "child", "expected"), ROWS)
def test_overrides_that_no_longer_fit(parameters: str, child: str, expected: list[str]) -> None:
    if not parameters:
        before, after = (
            {"vllm/pools/base.py": BASE.format("")},
            {"vllm/pools/base.py": BASE.format("").replace("return size", "return size + 1")},
        )
        found = facts(before, after, tree={**PACKAGE, "vllm/pools/fast.py": CHILD.format(child)}).override
    else:
        found = changed(parameters, child).override
    assert [one.reason for one in found] == expected
    assert all(one.target == "vllm/pools/fast.py:5 FastPool.take" for one in found)


def test_siblings_of_other_platforms() -> None:
    """Two classes under one base, one a platform: who changes a signature on one should look at the other."""
    base = "class Platform:\n    def backend(self, size):\n        return size\n"
    child = "from vllm.platforms.interface import Platform\n\n\nclass {0}Platform(Platform):\n    def backend(self, size{1}):\n        return 1\n"
    tree = {
        "vllm/__init__.py": "",
        "vllm/platforms/__init__.py": "",
        "vllm/platforms/interface.py": base,
        "vllm/platforms/rocm.py": child.format("Rocm", ""),
    }
    found = facts(
        {"vllm/platforms/cuda.py": child.format("Cuda", "")},
        {"vllm/platforms/cuda.py": child.format("Cuda", ", sparse")},
        tree=tree,
    ).override
    assert [(one.what, one.target, one.reason) for one in found] == [
        ("sibling", "vllm/platforms/rocm.py:5 RocmPlatform.backend", "does not take `sparse`")
    ]


def test_constructors_promise_nothing() -> None:
    """A subclass may ask for what it needs."""
    base, child = BASE.replace("take", "__init__"), CHILD.replace("take", "__init__")
    found = facts(
        {"vllm/pools/base.py": base.format("")},
        {"vllm/pools/base.py": base.format(", device")},
        tree={**PACKAGE, "vllm/pools/fast.py": child.format("size")},
    ).override
    assert found == ()


def test_users_of_a_removed_function() -> None:
    """Who imports what is gone is named with the line, unless the change touches it too."""
    before = {"vllm/pools/base.py": "def take():\n    return 1\n\n\ndef keep():\n    return 2\n"}
    after = {"vllm/pools/base.py": "def keep():\n    return 2\n"}
    tree = {**PACKAGE, "vllm/pools/user.py": "import os\n\nfrom vllm.pools.base import take\n"}
    found = next(one for one in facts(before, after, tree=tree).symbol if one.symbol == "take")
    assert found.users == ("vllm/pools/user.py:3",)


_CONTRACT = "from abc import ABC\n\n\nclass AttentionMetadataBuilder(ABC):\n    def build(self, size, fast=False):\n        return size\n"
_BUILDER = "from vllm.v1.attention.backend import AttentionMetadataBuilder\n\n\nclass PoolBuilder(AttentionMetadataBuilder):\n    def {name}(self, size{rest}):\n        return size\n"


@pytest.mark.parametrize(
    ("name", "surfaces"),
    [
        pytest.param("build", ("attention-backend",), id="what the contract names"),
        pytest.param("build_chunk", (), id="what one implementation calls its own"),
    ],
)
def test_surface_of_a_member_is_what_the_contract_names(name: str, surfaces: tuple[str, ...]) -> None:
    found = facts(
        {"vllm/v1/attention/backends/pool.py": _BUILDER.format(name=name, rest=", fast=False")},
        {"vllm/v1/attention/backends/pool.py": _BUILDER.format(name=name, rest="")},
        tree={**PACKAGE, "vllm/v1/attention/backend.py": _CONTRACT},
    )
    assert [one.surfaces for one in found.symbol if one.symbol == f"PoolBuilder.{name}"] == [surfaces]


def test_surface_of_a_member_stands_where_the_contract_is_not_in_the_tree() -> None:
    found = facts(
        {"vllm/v1/attention/backends/pool.py": _BUILDER.format(name="build_chunk", rest=", fast=False")},
        {"vllm/v1/attention/backends/pool.py": _BUILDER.format(name="build_chunk", rest="")},
    )
    assert [one.surfaces for one in found.symbol] == [("attention-backend",)]


def test_users_in_the_product_come_before_those_in_tests() -> None:
    user = "from vllm.pools.sizes import align\n"
    tree = {
        "vllm/__init__.py": "",
        "vllm/pools/__init__.py": "",
        "vllm/v1.py": user,
        "tests/helpers.py": user,
    }
    before = "def align(x):\n    return x\n\n\ndef keep(x):\n    return x\n"
    after = "def keep(x):\n    return x\n"
    found = facts({"vllm/pools/sizes.py": before}, {"vllm/pools/sizes.py": after}, tree=tree).symbol
    assert [one.users for one in found] == [("vllm/v1.py:1", "tests/helpers.py:1")]
