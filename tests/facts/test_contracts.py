"""What callers, clients and implementers rely on besides names and parameters, and what code can do no more."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from diffscope.facts.model import ContractFact
from tests.fact_builders import edit, facts

PATH = "vllm/v1/executor/abstract.py"


def told(before: str, after: str, path: str = PATH) -> tuple[ContractFact, ...]:
    return edit(path, before, after).contract


FORMS = [
    pytest.param("    def a(self): ...\n", "    async def a(self): ...\n", ("method", "async method"), id="awaited now"),
    pytest.param("    async def a(self): ...\n", "    def a(self): ...\n", ("async method", "method"), id="awaited no more"),
    pytest.param("    def a(self): ...\n", "    @property\n    def a(self): ...\n", ("method", "property"), id="read now"),
    pytest.param(
        "    @functools.cached_property\n    def a(self): ...\n", "    def a(self): ...\n", ("property", "method"), id="called now"
    ),
    pytest.param("    @staticmethod\n    def a(): ...\n", "    @classmethod\n    def a(cls): ...\n", None, id="called on the class as before"),
    pytest.param("    def a(self): ...\n", "    @cache\n    def a(self): ...\n", None, id="another decorator"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), FORMS)
def test_a_name_that_is_used_in_another_way(
    before: str, after: str, expected: tuple[str, str] | None
) -> None:
    found = told(f"class Executor:\n{before}", f"class Executor:\n{after}")
    assert [(one.what, one.before, one.after) for one in found] == ([("form", *expected)] if expected else [])


def test_a_function_that_is_a_class_now() -> None:
    found = told(
        "def take(x):\n    return x\n", "class take:\n    def __init__(self, x):\n        self.x = x\n"
    )
    assert [(one.symbol, one.before, one.after) for one in found] == [("take", "function", "class")]


def test_what_an_interface_demands_from_now_on() -> None:
    before = "class Executor:\n    def a(self): ...\n"
    after = "class Executor:\n    @abstractmethod\n    def a(self): ...\n\n    @abc.abstractmethod\n    def b(self): ...\n"
    assert [(one.what, one.symbol) for one in told(before, after)] == [
        ("abstract", "Executor.a"),
        ("abstract", "Executor.b"),
    ]


def test_who_used_it_in_the_old_way_is_named_where_the_change_edits_it() -> None:
    user = "vllm/v1/worker/pool.py"
    before = {
        PATH: "class Executor:\n    def a_pool(self): ...\n",
        user: "def run(e):\n    return e.a_pool()\n",
    }
    after = {
        PATH: "class Executor:\n    async def a_pool(self): ...\n",
        user: "async def run(e):\n    return await e.a_pool()\n",
    }
    found = {one.symbol: one.users_edited for one in facts(before, after).contract}
    assert found == {"Executor.a_pool": (f"{user}:2",), "run": ()}


def struct(head: str, *fields: str) -> str:
    return f"{head}\n" + "".join(f"    {field}\n" for field in fields)


ARRAY = "class Event(msgspec.Struct, array_like=True):"
LAYOUTS = [
    pytest.param(ARRAY, ["a: int", "b: int"], ["a: int", "c: int", "b: int"], ("shifted", ("b",), "array"), id="a field in the middle"),
    pytest.param(ARRAY, ["a: int", "b: int"], ["b: int", "a: int"], ("shifted", ("a", "b"), "array"), id="another order"),
    pytest.param(ARRAY, ["a: int", "b: int"], ["a: int"], ("removed", ("b",), "array"), id="the last one goes"),
    pytest.param(ARRAY, ["a: int"], ["a: int", "b: int"], ("appended-required", ("b",), "array"), id="one more at the end"),
    pytest.param(ARRAY, ["a: int"], ["a: int", "b: int = 0"], ("appended", ("b",), "array"), id="one more with a default"),
    pytest.param("class Event(\n    msgspec.Struct,\n    array_like=True,  # by place\n):", ["a: int", "b: int"], ["b: int"],
                 ("shifted", ("b",), "array"), id="keywords on lines of their own"),
    pytest.param("class Event(NamedTuple):", ["a: int", "b: int"], ["b: int"], ("shifted", ("b",), "tuple"), id="a tuple"),
    pytest.param("@dataclass\nclass Event:", ["a: int", "b: int"], ["c: int", "a: int", "b: int"], ("shifted", ("a", "b"), "dataclass"), id="a data class"),
    pytest.param("@dataclass(kw_only=True)\nclass Event:", ["a: int", "b: int"], ["b: int", "a: int"], None, id="by keywords alone"),
    pytest.param("class Event(msgspec.Struct):", ["a: int", "b: int"], ["b: int"], None, id="a struct with names"),
    pytest.param(ARRAY, ["a: int", "x: ClassVar[int] = 1"], ["x: ClassVar[int] = 1", "a: int"], None, id="a variable of the class"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "before", "after", "expected"), LAYOUTS)
def test_places_of_fields(
    head: str, before: list[str], after: list[str], expected: tuple[str, tuple[str, ...], str] | None
) -> None:
    found = told(struct(head, *before), struct(head, *after))
    assert [(one.change, one.names, one.form) for one in found if one.what == "layout"] == (
        [expected] if expected else []
    )


def test_an_encoding_is_inherited_within_the_file() -> None:
    base = "class Base(msgspec.Struct, array_like=True):\n    t: int\n\n\n"
    found = told(
        base + struct("class Event(Base):", "a: int", "b: int"), base + struct("class Event(Base):", "b: int")
    )
    assert [(one.symbol, one.change, one.names) for one in found] == [("Event", "shifted", ("b",))]


ENUMS = [
    pytest.param(["A = auto()", "B = auto()"], ["A = auto()", "C = auto()", "B = auto()"], [("member", "added", ("C",)), ("numbering", "shifted", ("B",))], id="one in the middle counts"),
    pytest.param(["A = 'a'", "B = 'b'"], ["A = 'a'"], [("member", "removed", ("B",))], id="a value is gone"),
    pytest.param(["A = 'a'", "B = 'b'"], ["B = 'b'", "A = 'a'"], [], id="values that are spelled out may change places"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), ENUMS)
def test_members_of_an_enumeration(before: list[str], after: list[str], expected: list[object]) -> None:
    found = told(struct("class Kind(Enum):", *before), struct("class Kind(Enum):", *after))
    assert [(one.what, one.change, one.names) for one in found] == expected


LITERALS = [
    pytest.param('Kind = Literal["a", "b"]', 'Kind = Literal["a"]', [("removed", ("b",))], id="an alias"),
    pytest.param(
        "Kind = Literal[\n" + "".join(f'    "{name:>030}",\n' for name in "abcdefghij") + "]",
        "Kind = Literal[\n" + "".join(f'    "{name:>030}",\n' for name in "abcdefghi") + "]",
        [("removed", ("0" * 29 + "j",))],
        id="an alias of many lines",
    ),
    pytest.param('kind: Literal["a"] | None = None', 'kind: Literal["a", "b"] | None = None', [("added", ("b",))], id="a field"),
    pytest.param('kind: Literal["a", "b"] = "a"', 'kind: Optional[Literal["b", "a"]] = "a"', [], id="another order"),
    pytest.param("Kind = Literal[A, B]", "Kind = Literal[A]", [], id="names are not spelled out"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), LITERALS)
def test_values_that_a_literal_takes(before: str, after: str, expected: list[object]) -> None:
    found = told(f"{before}\n", f"{after}\n", "vllm/config/pool.py")
    assert [(one.change, one.names) for one in found] == expected


SWITCH = "class Pool:\n    def a(self, x):\n        if self.moe.is_lora_enabled:\n            return 1\n        return x\n"
SWITCHES = [
    pytest.param(SWITCH, "class Pool:\n    def a(self, x):\n        return x\n", ["is_lora_enabled"], id="the last read of a class"),
    pytest.param(SWITCH, "class Pool:\n    def a(self, x):\n        # is_lora_enabled\n        return x\n", ["is_lora_enabled"], id="a comment reads nothing"),
    pytest.param(SWITCH, SWITCH.replace("return 1", "return 2"), [], id="still read"),
    pytest.param(
        SWITCH,
        "class Pool:\n    def a(self, x):\n        return x\n\n\ndef asks(moe):\n    return moe.is_lora_enabled\n",
        [],
        id="read by another function now",
    ),
    pytest.param(SWITCH, "SIZE = 1\n", [], id="the class is gone"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), SWITCHES)
def test_a_switch_that_is_read_no_more(before: str, after: str, expected: list[str]) -> None:
    assert [one.before for one in told(before, after) if one.what == "switch"] == expected


REFUSALS = [
    pytest.param("        return x\n", "        raise NotImplementedError('no')\n", ["NotImplementedError"], id="nothing else is done"),
    pytest.param("        return x\n", '        """Do."""\n        raise NotImplementedError\n', ["NotImplementedError"], id="behind a docstring"),
    pytest.param("        return x\n", "        if x:\n            raise ValueError\n        return x\n", [], id="only in a case"),
    pytest.param("        raise ValueError('a')\n", "        raise TypeError('a')\n", [], id="it did nothing before"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), REFUSALS)
def test_a_method_that_only_raises_now(before: str, after: str, expected: list[str]) -> None:
    head = "class Pool:\n    def a(self, x):\n"
    assert [one.after for one in told(head + before, head + after) if one.what == "refusal"] == expected


def test_a_module_that_comes_with_the_change_has_no_contract_yet() -> None:
    assert facts({}, {PATH: struct(ARRAY, "a: int")}).contract == ()


TREE = {
    "vllm/__init__.py": "",
    "vllm/base.py": "class Base:\n    def take(self): ...\n\n\nclass Middle(Base):\n    pass\n",
}
GONE = [
    pytest.param("from vllm.base import Middle", "Middle", True, id="a class two steps above has it"),
    pytest.param(
        "from torch import nn", "nn.Module", False, id="a class of a library that is known has it not"
    ),
    pytest.param("from pool import Pool", "Pool", UNSET, id="a class of a library that is not known"),
    pytest.param("", "Own", False, id="bases in a circle"),
]


@pytest.mark.parametrize(("imported", "base", "expected"), GONE)
def test_a_member_that_is_gone_and_that_a_class_above_has(imported: str, base: str, expected: object) -> None:
    before = f"{imported}\n\n\nclass Own({base}):\n    def take(self):\n        return 1\n\n    def keep(self):\n        return 2\n"
    after = before.replace("    def take(self):\n        return 1\n\n", "")
    found = facts({"vllm/own.py": before}, {"vllm/own.py": after}, tree=TREE).symbol
    assert [one.still_inherited for one in found if one.symbol == "Own.take"] == [expected]


def test_a_member_that_goes_from_the_class_above_too_is_gone() -> None:
    own = "from vllm.base import Base\n\n\nclass Own(Base):\n    def take(self):\n        return 1\n\n    def keep(self):\n        return 2\n"
    base = "class Base:\n    def take(self): ...\n\n    def other(self): ...\n"
    before = {"vllm/own.py": own, "vllm/base.py": base}
    after = {
        "vllm/own.py": own.replace("    def take(self):\n        return 1\n\n", ""),
        "vllm/base.py": base.replace("    def take(self): ...\n\n", ""),
    }
    found = facts(before, after, tree={"vllm/__init__.py": ""}).symbol
    assert [one.still_inherited for one in found if one.symbol == "Own.take"] == [False]


def test_a_short_plain_name_is_looked_for_nowhere_else() -> None:
    user = "vllm/v1/worker/pool.py"
    before = {PATH: "class Executor:\n    def run(self): ...\n", user: "def go(e):\n    return e.run()\n"}
    after = {
        PATH: "class Executor:\n    async def run(self): ...\n",
        user: "def go(e):\n    return e.run(1)\n",
    }
    assert [one.users_edited for one in facts(before, after).contract] == [()]
