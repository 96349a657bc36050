"""What only moved, was only renamed, or lives on elsewhere is told apart from what came and went."""

from __future__ import annotations

import pytest

from tests.fact_builders import edit, facts

POOL = "vllm/model_executor/layers/pool.py"
OTHER = "vllm/v1/worker/pool.py"
HELD = "    def {name}(self, x):\n        with torch.cuda.stream(self.s):\n            y = torch.cuda.current_device()\n        return x\n"
CLASS = "import torch\n\n\nclass Pool:\n"


def test_a_call_that_leaves_one_method_for_another_has_moved() -> None:
    before = CLASS + HELD.format(name="take") + "\n    def give(self, x):\n        return x + 1\n"
    after = (
        CLASS
        + "    def take(self, x):\n        return x\n\n"
        + HELD.format(name="give").replace("return x", "return x + 1")
    )
    found = edit(POOL, before, after).call
    assert {(one.callee, one.change, one.symbol) for one in found if one.role == "cuda-only"} == {
        ("torch.cuda.stream", "moved", "Pool.give"),
        ("torch.cuda.current_device", "moved", "Pool.give"),
    }


def test_a_call_with_other_arguments_is_neither_new_nor_gone() -> None:
    before = "import threading\n\n\ndef start(f, g):\n    threading.Thread(target=f)\n"
    after = before.replace("target=f", "target=g")
    assert edit(POOL, before, after).call == ()


def test_another_stream_is_another_wait() -> None:
    before = "def run(s, a, b):\n    s.wait_stream(a)\n"
    found = edit(POOL, before, before.replace("(a)", "(b)")).call
    assert sorted(one.change for one in found if one.role == "device-stream") == ["exchanged"]


GUARDED = "def {name}(x):\n    if current_platform.is_rocm():\n        return x\n    return 1 + x\n"


def test_a_condition_that_leaves_a_function_that_is_gone_has_moved() -> None:
    found = facts(
        {
            POOL: GUARDED.format(name="take") + "\n\ndef keep():\n    return 1\n",
            OTHER: "def other():\n    return 2\n",
        },
        {
            POOL: "def keep():\n    return 1\n",
            OTHER: "def other():\n    return 2\n\n\n"
            + GUARDED.format(name="give").replace("1 + x", "x * 3 - 7"),
        },
    ).guard
    assert [(one.change, one.path) for one in found if one.what == "platform"] == [("moved", OTHER)]


def test_a_condition_that_gets_a_name_stands() -> None:
    before = "def take(x):\n    if current_platform.is_rocm() and x:\n        return x\n    return 1\n"
    after = "def take(x):\n    use = current_platform.is_rocm() and x\n    if use:\n        return x\n    return 1\n"
    assert [one.change for one in edit(POOL, before, after).guard if one.what == "platform"] == ["body"]


WRITES = [
    pytest.param(
        "    c.scheduler_config.old = False\n", "    c.scheduler_config.new = False\n", ["moved", "removed"], id="another field with the same value"
    ),
    pytest.param(
        "    c.scheduler_config.old = False\n", "    c.scheduler_config.new = True\n", ["added", "removed"], id="another field with another value"
    ),
    pytest.param("    pass\n", "    random.seed(1)\n", ["added"], id="a seed that stays"),
    pytest.param("    pass\n", "    s = random.getstate()\n    random.seed(1)\n    random.setstate(s)\n", [], id="a seed that is put back"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), WRITES)
def test_writes(before: str, after: str, expected: list[str]) -> None:
    found = edit(POOL, f"def take(c):\n{before}", f"def take(c):\n{after}").write
    assert sorted(one.change for one in found if not one.restored) == expected


def test_a_type_that_leaves_one_function_for_another_is_no_choice() -> None:
    before = "def a(x):\n    return x.to(torch.float32)\n\n\ndef b(x):\n    return x\n"
    after = "def a(x):\n    return x\n\n\ndef b(x):\n    return x.to(torch.float32)\n"
    assert [one for one in edit(POOL, before, after).numeric if one.what == "dtype"] == []


PACKAGE = {"vllm/__init__.py": "", "vllm/v1/__init__.py": ""}
USER = "from vllm.v1.pools import take\n\n\ndef use():\n    return take()\n"


def test_a_name_that_the_module_imports_now_is_still_bound() -> None:
    found = facts(
        {"vllm/v1/pools.py": "def take():\n    return 1\n\n\ndef keep():\n    return take()\n"},
        {
            "vllm/v1/pools.py": "from vllm.v1.sizes import take\n\n\ndef keep():\n    return take()\n",
            "vllm/v1/sizes.py": "def take():\n    return 1 + 1 - 1\n",
        },
        tree={**PACKAGE, "vllm/v1/user.py": USER},
    ).symbol
    gone = next(one for one in found if one.path == "vllm/v1/pools.py" and one.symbol == "take")
    assert (gone.still_bound, gone.users) == (True, ("vllm/v1/user.py:1",))


def test_users_through_a_package_that_goes_on_passing_a_name_on_are_none() -> None:
    tree = {"vllm/__init__.py": "", "vllm/pools/user.py": "", "vllm/user.py": "from vllm.pools import take\n"}
    before = {
        "vllm/pools/__init__.py": "from vllm.pools.old import take\n",
        "vllm/pools/old.py": "def take():\n    return 1\n\n\ndef keep():\n    return 2\n",
    }
    after = {
        "vllm/pools/__init__.py": "from vllm.pools.new import take\n",
        "vllm/pools/old.py": "def keep():\n    return 2\n",
        "vllm/pools/new.py": "def take():\n    return 3\n",
    }
    gone = next(
        one
        for one in facts(before, after, tree=tree).symbol
        if one.path == "vllm/pools/old.py" and one.symbol == "take"
    )
    assert gone.users == ()
    after["vllm/pools/__init__.py"] = "from vllm.pools.old import keep\n"
    gone = next(
        one
        for one in facts(before, after, tree=tree).symbol
        if one.path == "vllm/pools/old.py" and one.symbol == "take"
    )
    assert gone.users == ("vllm/user.py:1",)


def test_a_property_that_becomes_an_attribute_is_still_bound() -> None:
    before = "class Pool:\n    def __init__(self):\n        self.a = 1\n\n    @property\n    def size(self):\n        return self.a\n"
    after = "class Pool:\n    def __init__(self):\n        self.a = 1\n        self.size = 1\n"
    gone = next(
        one for one in edit(POOL, before, after).symbol if one.symbol == "Pool.size" and one.side == "old"
    )
    assert gone.still_bound is True


def test_a_registry_that_changes_files_gains_nothing() -> None:
    table = '_TOOL_PARSERS_TO_REGISTER = {\n    "pool": ("pool_parser", "PoolParser"),\n}\n'
    found = facts(
        {"vllm/a/__init__.py": table, "vllm/b/__init__.py": "x = 1\n"},
        {"vllm/a/__init__.py": "x = 1\n", "vllm/b/__init__.py": table},
    ).registry
    assert found == ()


SKIPS = [
    pytest.param("size", "    if size > 3:\n        pytest.skip('too large')\n", ["skipped"], id="for what was there"),
    pytest.param("size, kind", "    if kind == 'b':\n        pytest.skip('not yet')\n", [], id="for a parameter that is new"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "skip", "expected"), SKIPS)
def test_skips(parameters: str, skip: str, expected: list[str]) -> None:
    body = "    value = size\n    assert value\n"
    before = f"import pytest\n\n\n@pytest.mark.parametrize('size', [1, 4])\ndef test_pool(size):\n{body}"
    more = "@pytest.mark.parametrize('kind', ['a', 'b'])\n" if "kind" in parameters else ""
    after = f"import pytest\n\n\n{more}@pytest.mark.parametrize('size', [1, 4])\ndef test_pool({parameters}):\n{skip}{body}"
    found = edit("tests/v1/test_pool.py", before, after).test
    assert [one.change for one in found if one.change == "skipped"] == expected
    assert all(one.condition == "size > 3" for one in found if one.change == "skipped")


OPTIONS = [
    pytest.param("x: bool | None = None", "x: bool = False", [], id="off in other words"),
    pytest.param("x: bool | None = None", "x: bool = True", ["default"], id="on"),
    pytest.param("x: int = 3\n    x: int = 3", "x: int = 3", [], id="said twice"),
]


@pytest.mark.parametrize(("before", "after", "expected"), OPTIONS)
def test_defaults(before: str, after: str, expected: list[str]) -> None:
    text = "@config\nclass PoolConfig:\n    {}\n"
    found = edit("vllm/config/pool.py", text.format(before), text.format(after)).option
    assert [one.change for one in found if one.change != "retyped"] == expected


def test_a_field_that_moves_into_a_base_stays_in_the_protocol() -> None:
    path = "vllm/entrypoints/pooling/protocol.py"
    base = "class BaseRequest(OpenAIBaseModel):\n    model: str\n{}\n\nclass PoolRequest(BaseRequest):\n    size: int = 1\n{}"
    field = "    extra: str | None = None\n"
    found = edit(path, base.format("", field), base.format(field, "")).option
    assert [(one.name, one.change) for one in found] == [("BaseRequest.extra", "added")]


def test_a_fetched_commit_is_no_flag_of_the_compiler() -> None:
    text = "FetchContent_Declare(pool GIT_REPOSITORY https://example.org/pool.git GIT_TAG {} -O2)\n"
    found = edit("cmake/pool.cmake", text.format("a" * 40), text.format("b" * 40)).build
    assert [one.what for one in found] == ["other"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("t", "t, x.tools", [("exchanged", "t", "t, x.tools")], id="more arguments"),
        pytest.param("t, x", "t", [], id="fewer arguments"),
        pytest.param("t", "x", [], id="another value"),
    ],
)
def test_a_plug_in_that_is_given_more(before: str, after: str, expected: list[tuple[str, str, str]]) -> None:
    texts = [f"def run(self, t, x):\n    return self.parser({given})\n" for given in (before, after)]
    found = edit(POOL, *texts).call
    assert [(one.change, one.before, one.arguments) for one in found] == expected
