"""Two changes of one tree, each right by itself: what of one the other stands on."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.facts.model import Footprint
from diffscope.products.triage.candidates import OpenState
from tests.products.triage.builders import BASE, candidate, relations

POOL, USER = BASE["vllm/pool.py"], BASE["vllm/user.py"]
NEW = "vllm/new.py"


def using(line: str, imported: str = "make_pool") -> dict[str, str]:
    return {NEW: f"from vllm.pool import {imported}\n\n\ndef start():\n    {line}\n"}


def pool(old: str, new: str) -> dict[str, str]:
    assert old in POOL
    return {"vllm/pool.py": POOL.replace(old, new)}


SUBCLASS = {
    NEW: "from vllm.pool import Pool\n\n\nclass Deep(Pool):\n    def drain(self, count):\n        return []\n"
}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(pool("def make_pool(size, name='a'):\n    return Pool()\n", ""), using("make_pool(1)"), [("removed-used", "breaks")], id="a function that is gone is newly called"),
        pytest.param(pool("make_pool", "build_pool"), using("make_pool(1)"), [("removed-used", "breaks")], id="renamed, and called by its old name"),
        pytest.param(pool("size, name='a'", "size, *, depth"), using("make_pool(1)"), [("resigned-called", "breaks")], id="a parameter is asked for that the new call does not give"),
        pytest.param({**pool("size, name='a'", "size, *, depth"), "vllm/user.py": USER.replace("make_pool(size)", "make_pool(size, depth=1)")}, {"vllm/user.py": USER.replace("make_pool(size)", "make_pool(size, name='b')")}, [("resigned-called", "check")], id="both edit the call that stood before"),
        pytest.param(pool("size, name='a'", "size, name='a', depth=2"), using("make_pool(1)"), [], id="a parameter with a default breaks no call"),
        pytest.param(pool("size, name='a'", "size, label='a'"), using("make_pool(1, name='b')"), [("resigned-called", "breaks")], id="a keyword that is gone"),
        pytest.param(pool("size, name='a'", "size, label='a'"), using("make_pool(1)"), [], id="a keyword that nobody gives may go"),
        pytest.param(pool("size, name='a'", "depth, size, name='a'"), using("make_pool(**given)"), [], id="nobody knows what ** hands on"),
        pytest.param(pool("size, name='a'", "depth, size, name='a'"), using("return make_pool"), [("resigned-named", "check")], id="named without a call"),
        pytest.param(pool("def drain(self, count)", "def drain(self, count, order)"), SUBCLASS, [("resigned-overridden", "breaks")], id="a new override does not take a new parameter"),
        pytest.param(pool("    return Pool()", "    if size < 1:\n        raise ValueError(size)\n    return Pool()"), using("make_pool(size=1)"), [("tightened-called", "check")], id="a refusal that asks about an argument of a new call"),
        pytest.param(pool("    return Pool()", "    if size < 1:\n        raise ValueError(size)\n    return Pool()"), using("make_pool(1, name='b')"), [], id="a refusal that asks about another argument"),
        pytest.param(pool("    return Pool()", "    raise NotImplementedError"), using("make_pool(1)"), [("tightened-called", "breaks")], id="a function that only raises now"),
        pytest.param(pool("return self.items[:count]", "return self.items[-count:]"), SUBCLASS, [("edited-overridden", "check")], id="what is edited is newly overridden"),
        pytest.param(pool("return self.items[:count]", "return self.items[-count:]"), {NEW: SUBCLASS[NEW].replace("return []", "return super().drain(count)[:1]")}, [], id="an override that goes on to what is edited"),
        pytest.param(pool("    def close", "    @abstractmethod\n    def size(self): ...\n\n    def close"), SUBCLASS, [("abstract-missing", "breaks")], id="a member that subclasses must have now"),
        pytest.param(pool("    def close(self):\n        self.items.clear()\n", ""), pool("self.items.clear()", "self.items.clear()\n        self.count = 0"), [("removed-edited", "breaks")], id="a method that is gone is edited"),
        pytest.param(pool("return self.items[:count]", "limit = 3\n        return self.items[:limit]"), pool("return self.items[:count]", "return self.items[: self.limit]"), [("same-symbol", "check")], id="both edit one function and name what one brings"),
        pytest.param(pool("return self.items[:count]", "return pick_some(self.items)[:count]"), pool("return self.items[:count]", "return self.items[: pick_some(count)]"), [], id="both call what is defined elsewhere"),
        pytest.param(pool("self.items.clear()", "self.reset()"), pool("return self.items[:count]", "return self.items[:1]"), [], id="two methods of one class"),
        pytest.param(pool("size, name='a'", "depth=1, size=2, name='a'"), using("return make_pool"), [], id="another place of a parameter, and no call that is read"),
        pytest.param(pool("    def close", "    def __init__(self, items):\n        self.items = items\n\n    def close"), using("Pool.drain(None, 1)", "Pool"), [], id="a class of which a member alone is used"),
        pytest.param({NEW: "def helper():\n    return 1\n"}, {NEW: "def helper():\n    return 2\n"}, [("same-name", "breaks")], id="both add one name"),
        pytest.param(pool("size, name='a'", "size, *, depth"), {NEW: "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from vllm.pool import make_pool\n\n\ndef start(pool: 'make_pool'):\n    return pool\n"}, [], id="an import for types alone runs nothing"),
        pytest.param(pool("make_pool", "build_pool"), {"vllm/user.py": USER + "\n\ndef stop():\n    return 1\n"}, [], id="a use that stood before is the first one's to follow"),
    ],
)  # fmt: skip
def test_what_two_changes_collide_at(
    one: dict[str, str], other: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    """The conflict is found whichever of the two has the lower number."""
    for left, right in ((1, 2), (2, 1)):
        found = relations(candidate(left, one), candidate(right, other)).conflicts
        assert [(each.kind, each.certainty) for each in found] == expected
        if expected and not found[0].kind.startswith("same"):
            assert (found[0].first, found[0].second) == (left, right)


def test_both_places_are_told() -> None:
    """The place of the signature, and that of the call."""
    (found,) = relations(
        candidate(1, pool("size, name='a'", "size, *, depth")), candidate(2, using("make_pool(1)"))
    ).conflicts
    assert [(place.path, place.line) for place in found.places] == [("vllm/pool.py", 9), (NEW, 5)]
    assert found.says.en == "#1 changes the parameters of make_pool; a new call of #2 does not fit them"


OPTION = "vllm/config/cache.py"
SETTINGS = {
    OPTION: "from pydantic.dataclasses import dataclass\n\n\n@dataclass\nclass CacheConfig:\n    block_size: int = 16\n    swap_space: float = 4.0\n"
}


def test_two_defaults_of_one_option_conflict_and_two_equal_ones_do_not() -> None:
    def to(value: int, number: int) -> object:
        return candidate(number, {OPTION: SETTINGS[OPTION].replace("= 16", f"= {value}")}, base=SETTINGS)

    (found,) = relations(to(32, 1), to(64, 2)).conflicts  # type: ignore[arg-type]
    assert (found.kind, found.name) == ("setting", "CacheConfig.block_size")
    assert relations(to(32, 1), to(32, 2)).conflicts == ()  # type: ignore[arg-type]


def test_a_use_of_what_another_adds_comes_after_it() -> None:
    """No conflict: an order."""
    found = relations(
        candidate(1, {"vllm/fresh.py": "def fresh(x):\n    return x\n"}),
        candidate(2, {NEW: "from vllm.fresh import fresh\n\n\ndef start():\n    return fresh(1)\n"}),
    )
    assert found.conflicts == ()
    assert [(link.kind, link.first, link.then) for link in found.order] == [("needs", 1, 2)]


def test_an_import_of_a_module_that_another_makes_comes_after_it_and_never_before() -> None:
    """Of merged changes, what was merged before the module was made did without it."""
    made = {"vllm/fresh/pool.py": POOL}
    imports = {NEW: "from vllm.fresh.pool import Pool\n\n\ndef start():\n    return Pool()\n"}
    for times, expected in (((None, None), [(1, 2)]), ((1, 2), [(1, 2)]), ((2, 1), [])):
        states = [OpenState(merged_at=each) for each in times]
        one = msgspec.structs.replace(candidate(1, made, state=states[0]), footprint=Footprint())
        found = relations(one, candidate(2, imports, state=states[1]))
        assert [(link.first, link.then) for link in found.order] == expected


def test_an_edit_of_a_file_that_another_adds_comes_after_it() -> None:
    later = candidate(2, {NEW: "SIZE = 2\n"}, base={**BASE, NEW: "SIZE = 1\n"})
    found = relations(candidate(1, {NEW: "SIZE = 1\n"}), later)
    assert [(link.kind, link.first, link.then) for link in found.order] == [("needs", 1, 2)]


def test_a_name_that_everyone_holds_says_nothing_of_two() -> None:
    """Five changes of one line each: that all of them name one thing is the thing's doing."""
    edits = [
        candidate(number, pool("return self.items[:count]", f"return self.items[: self.limit - {number}]"))
        for number in range(1, 6)
    ]
    assert {one.kind for one in relations(*edits[:4]).conflicts} == {"same-symbol"}
    assert relations(*edits).conflicts == ()


ENVS = {
    "vllm/envs.py": "import os\n\nenvironment_variables = {\n    'VLLM_SIZE': lambda: os.getenv('VLLM_SIZE', '1'),\n}\n"
}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("def start():\n    return envs.VLLM_DEPTH", id="in a function"),
        pytest.param("class Start:\n    depth: int = envs.VLLM_DEPTH", id="as the value of a field"),
        pytest.param(
            "class Start:\n    words: Annotated[list, Field(max_length=envs.VLLM_DEPTH)] = None",
            id="in the annotation of a field",
        ),
        pytest.param("DEPTHS = {'a': envs.VLLM_DEPTH + 1}", id="in a table of the module"),
    ],
)
def test_who_reads_a_variable_that_another_adds_comes_after_it(line: str) -> None:
    more = ENVS["vllm/envs.py"].replace("\n}", "\n    'VLLM_DEPTH': lambda: os.getenv('VLLM_DEPTH', '1'),\n}")
    reads = {NEW: f"import vllm.envs as envs\n\n\n{line}\n"}
    found = relations(candidate(1, {"vllm/envs.py": more}, base=ENVS), candidate(2, reads, base=ENVS))
    assert [(link.kind, link.first, link.then) for link in found.order] == [("needs", 1, 2)]


STATE = {
    "vllm/state.py": "from dataclasses import dataclass\n\n\n@dataclass\nclass State:\n    size: int\n    window: int | None = None\n"
}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param("State(size=1, window=2)", [("removed-used", "breaks")], id="a test passes it by name"),
        pytest.param("State(size=1)", [], id="a test that does not pass it"),
    ],
)
def test_a_field_that_is_gone_breaks_who_passes_it(call: str, expected: list[tuple[str, str]]) -> None:
    gone = {"vllm/state.py": STATE["vllm/state.py"].replace("    window: int | None = None\n", "")}
    passes = {
        "tests/test_state.py": f"from vllm.state import State\n\n\ndef test_state():\n    assert {call}\n"
    }
    found = relations(candidate(1, gone, base=STATE), candidate(2, passes, base=STATE)).conflicts
    assert [(each.kind, each.certainty) for each in found] == expected


def test_lines_that_stand_in_the_file_anyway_tell_nothing() -> None:
    body = "    first_of_all = size + 1\n    second_of_all = size + 2\n"
    old = pool("    return Pool()", f"{body}    return Pool()")
    again = {"vllm/pool.py": old["vllm/pool.py"] + f"\n\ndef more(size):\n{body}    return size\n"}
    found = relations(
        candidate(1, again, base={**BASE, **old}), candidate(2, pool("make", "make"), base={**BASE, **old})
    )
    assert found.order == ()


def test_who_takes_out_lines_that_another_adds_comes_after_it() -> None:
    """Of open ones two lines and more, since the base may have moved; of merged ones a single one is enough."""
    body = "    first_of_all = size + 1\n    second_of_all = size + 2\n    return Pool()"
    filled = pool("    return Pool()", body)
    for kept, count in (("", 2), ("    first_of_all = size + 1\n", 1)):
        for merged in (None, 1):
            state = OpenState(merged_at=merged)
            left = candidate(
                2,
                pool("    return Pool()", f"{kept}    return Pool()"),
                base={**BASE, **filled},
                state=state,
            )
            order = relations(candidate(1, filled, state=state), left).order
            found = [(link.kind, link.first, link.then, link.lines) for link in order]
            assert found == ([("rewrites", 1, 2, count)] if merged or count > 1 else [])
