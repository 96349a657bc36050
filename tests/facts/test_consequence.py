"""What changed at a place, what vouches for it, and the level that follows from both and from how it is reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffscope.assessment.document import RiskLevel
from diffscope.facts.model import SymbolFact
from diffscope.messages.model import Language
from diffscope.messages.say import texts
from diffscope.taxonomy.consequence import LEVELS, VOUCHED
from tests.fact_builders import facts, knowledge

PATH = "vllm/v1/core/sched/scheduler.py"
BASE = """
LIMIT = 4


class Scheduler:
    def schedule(self, budget):
        left = budget * 8
        return self.pick(left)

    def pick(self, left):
        return left
"""
TREE = {
    "vllm/__init__.py": "",
    "vllm/v1/__init__.py": "",
    "vllm/v1/core/__init__.py": "",
    "vllm/v1/core/sched/__init__.py": "",
}
TEST = "from vllm.v1.core.sched.scheduler import Scheduler\n\n\ndef test_schedule():\n    assert Scheduler().schedule({0}) == {1}\n"


def changed(before: str, after: str, symbol: str, *, test: str | None = None) -> SymbolFact:
    old, new = {PATH: BASE}, {PATH: BASE.replace(before, after, 1)}
    assert new != old
    if test is not None:
        old["tests/v1/test_scheduler.py"] = TEST.format(1, 8)
        new["tests/v1/test_scheduler.py"] = test
    found = facts(old, new, tree=TREE).symbol
    return next(one for one in found if one.symbol == symbol)


EFFECT_ROWS = [
    pytest.param("budget * 8", "budget + 8", "Scheduler.schedule", "body", id="it computes anew"),
    pytest.param("budget * 8", "budget * 16", "Scheduler.schedule", "tuning", id="a number alone is tuning"),
    pytest.param("LIMIT = 4", "LIMIT = 5", "LIMIT", "tuning", id="so is a constant"),
    pytest.param(
        "        return self.pick(left)",
        "        if left > 3:\n            left = 3\n        return self.pick(left)",
        "Scheduler.schedule",
        "condition",
        id="it decides anew",
    ),
    pytest.param(
        "        return self.pick(left)",
        '        if left is None:\n            raise ValueError("left")\n        return self.pick(left)',
        "Scheduler.schedule",
        "body",
        id="it only makes sure that something is there",
    ),
    pytest.param(
        "        return self.pick(left)",
        "        try:\n            return self.pick(left)\n        except ValueError:\n            return left if left else 0",
        "Scheduler.schedule",
        "condition",
        id="few lines with several branches write nothing anew",
    ),
    pytest.param(
        "        return self.pick(left)",
        "".join(f"        if left == {one}:\n            left = {one * 2}\n" for one in range(3))
        + "        return self.pick(left)",
        "Scheduler.schedule",
        "rewrite",
        id="three decisions write it anew",
    ),
    pytest.param(
        "        return self.pick(left)",
        "".join(f"        left = self.pick(left - {one})\n" for one in range(12))
        + "        return self.pick(left)",
        "Scheduler.schedule",
        "rewrite",
        id="so does a dozen lines",
    ),
    pytest.param(
        "        return left\n",
        "        return left.half()\n",
        "Scheduler.pick",
        "numerics",
        id="it computes other numbers",
    ),
    pytest.param(
        "schedule(self, budget)",
        "schedule(self, budget, more)",
        "Scheduler.schedule",
        "wiring",
        id="a parameter that nothing reads, and that no caller was left without",
    ),
    pytest.param(
        "schedule(self, budget):\n        left = budget * 8\n        return self.pick(left)",
        "schedule(self, budget, more):\n        left = budget * 8\n        return self.pick(left, more)",
        "Scheduler.schedule",
        "wiring",
        id="a parameter that is only handed on",
    ),
    pytest.param(
        "schedule(self, budget):\n        left = budget * 8\n        return self.pick(left)",
        "schedule(self, budget, more=False):\n        left = budget * 8\n        return self.pick(left, more=True)",
        "Scheduler.schedule",
        "body",
        id="a switch is set where it is handed on",
    ),
    pytest.param(
        "return self.pick(left)",
        "return self.pick(budget)",
        "Scheduler.schedule",
        "body",
        id="another value is handed on",
    ),
    pytest.param(
        "def pick(self, left):",
        "def pick(self, more=1, left=2):",
        "Scheduler.pick",
        "wiring",
        id="who passes by name goes on as before",
    ),
    pytest.param(
        "\n    def pick(self, left):\n        return left\n",
        "",
        "Scheduler.pick",
        "removal",
        id="it is gone",
    ),
    pytest.param(
        "        return left\n",
        "        return left\n\n    def put(self):\n        return 3\n",
        "Scheduler.put",
        "addition",
        id="it is new",
    ),
    pytest.param(
        "        left = budget",
        "        # why\n        left = budget",
        "Scheduler.schedule",
        "none",
        id="a comment is nothing",
    ),
]


@pytest.mark.parametrize(("before", "after", "symbol", "effect"), EFFECT_ROWS)
def test_effect(before: str, after: str, symbol: str, effect: str) -> None:
    assert changed(before, after, symbol).effect == effect


def test_who_overrides_it_elsewhere_has_to_follow() -> None:
    other = "from vllm.v1.core.sched.scheduler import Scheduler\n\n\nclass Own(Scheduler):\n    def schedule(self, budget):\n        return budget\n"
    after = BASE.replace("schedule(self, budget)", "schedule(self, budget, more)")
    found = facts({PATH: BASE}, {PATH: after}, tree=TREE | {PATH: BASE, "vllm/own.py": other}).symbol
    assert [(one.symbol, one.effect) for one in found] == [("Scheduler.schedule", "contract")]


def test_what_a_removed_option_leaves_of_a_function_is_told_by_the_option() -> None:
    config = "from vllm.config.utils import config\n\n\n@config\nclass PoolConfig:\n    keep_pages: bool = False\n    size: int = 1\n"
    before = {"vllm/config/pool.py": config, PATH: BASE.replace("budget)", "budget, keep_pages)")}
    after = {"vllm/config/pool.py": config.replace("    keep_pages: bool = False\n", ""), PATH: BASE}
    found = facts(before, after, tree=TREE).symbol
    assert [one.effect for one in found if one.symbol == "Scheduler.schedule"] == ["removal"]


@pytest.mark.parametrize(
    ("after", "deciding"),
    [
        pytest.param("        if left > 3:\n            return 3\n        return self.pick(left)", 3, id="a condition"),
        pytest.param("        return self.pick(left, 3)", 2, id="an argument"),
        pytest.param("        self.left = left\n        return self.pick(left)", 0, id="a value that is only kept"),
    ],
)  # fmt: skip
def test_how_much_its_weightiest_statement_decides(after: str, deciding: int) -> None:
    assert changed("        return self.pick(left)", after, "Scheduler.schedule").deciding == deciding


def test_a_local_name_for_the_same_value_is_wiring() -> None:
    before = "class Pool:\n    def take(self, size):\n        if size > self.limit:\n            raise ValueError(size)\n        if size == self.limit:\n            return 0\n        return size\n"
    after = before.replace("        if", "        limit = self.config.limit\n        if").replace(
        "self.limit", "limit"
    )
    found = facts({"vllm/pool.py": before}, {"vllm/pool.py": after}, tree=TREE).symbol
    assert [(one.symbol, one.effect) for one in found] == [("Pool.take", "wiring")]


def test_a_test_of_the_change_vouches_more_than_one_of_the_base() -> None:
    more = "        if left > 3:\n            left = 3\n        return self.pick(left)"
    plain = changed("        return self.pick(left)", more, "Scheduler.schedule")
    with_test = changed("        return self.pick(left)", more, "Scheduler.schedule", test=TEST.format(2, 10))
    assert (plain.vouched, with_test.vouched) == ("none", "changed")
    assert (plain.consequence, with_test.consequence) == ("medium", "low")


@pytest.mark.parametrize(
    ("name", "test", "vouched"),
    [
        pytest.param("_spare", TEST, "changed", id="a private function of a module that it imports"),
        pytest.param("spare", TEST, "none", id="a public function that it does not name"),
        pytest.param("_spare", "def test_it(): ...\n", "none", id="a private function of a module that it does not import"),
    ],
)  # fmt: skip
def test_a_test_of_the_change_runs_what_is_private_beside_what_it_names(
    name: str, test: str, vouched: str
) -> None:
    side = "{}\n\ndef {}(left):\n    return left{}\n"
    before = {PATH: side.format(BASE, name, ""), "tests/v1/test_it.py": "x = 1\n"}
    after = {PATH: side.format(BASE, name, " + 1 / left"), "tests/v1/test_it.py": test}
    found = {one.symbol: one for one in facts(before, after, tree=TREE).symbol}
    assert found[name].vouched == vouched


def test_what_an_edited_function_calls_from_now_on_is_a_part_of_it() -> None:
    call = "        return self.pick(self.cap(left))"
    old, new = {PATH: BASE}, {PATH: BASE.replace("        return self.pick(left)", call)}
    new[PATH] += "\n    def cap(self, left):\n        return left - 1\n"
    found = {one.symbol: one for one in facts(old, new, tree=TREE).symbol}
    assert found["Scheduler.cap"].effect == "body"
    assert found["Scheduler.cap"].reached == "per_step"


def test_a_condition_that_holds_in_other_cases_decides_anew() -> None:
    old = BASE.replace(
        "        return self.pick(left)",
        "        if left > 3:\n            left = 3\n        return self.pick(left)",
    )
    found = {
        one.symbol: one
        for one in facts(
            {PATH: old}, {PATH: old.replace("left > 3", "left > 3 and budget")}, tree=TREE
        ).symbol
    }
    assert found["Scheduler.schedule"].effect == "condition"


def test_a_test_that_asks_nothing_new_vouches_for_nothing() -> None:
    more = "        if left > 3:\n            left = 3\n        return self.pick(left)"
    followed = TEST.format(1, 8) + "\n\n# Nothing new is asked.\n"
    assert (
        changed("        return self.pick(left)", more, "Scheduler.schedule", test=followed).vouched
        == "existing"
    )


def test_what_is_only_registered_is_an_addition() -> None:
    """Whoever registers a function hands it on and runs none of it."""
    path = "vllm/_xpu_ops.py"
    before = "def first(x):\n    return x\n\n\ndef {}(x):\n    return first(x)\n"
    after = (
        before.replace("return first(x)", "return first(x), second(x)")
        + "\n\ndef second(x):\n"
        + "    x = x + 1\n" * 10
    )
    effects = []
    for name in ("register_all", "warm_up"):
        tree = {**TREE, path: before.format(name)}
        found = facts({path: before.format(name)}, {path: after.format(name)}, tree=tree).symbol
        effects += [one.effect for one in found if one.symbol == "second"]
    assert effects == ["addition", "rewrite"]


def test_an_override_that_goes_leaves_the_inherited_method_to_run() -> None:
    above = "class Base:\n    def size(self):\n        return 1\n\n\nclass Part(Base):\n    def name(self):\n        return 2\n"
    own = above + "\n    def size(self):\n        return 3\n"
    found = {one.symbol: one for one in facts({PATH: own}, {PATH: above}, tree=TREE).symbol}
    assert found["Part.size"].effect == "body"


@pytest.mark.parametrize(
    ("caller", "effect"),
    [
        pytest.param("pick", "contract", id="a caller is left behind"),
        pytest.param("other", "wiring", id="nobody else calls it"),
    ],
)
def test_a_parameter_that_callers_must_pass(caller: str, effect: str) -> None:
    path, before = "vllm/pick.py", "def pick(left):\n    return left\n\n\ndef other(left):\n    return left\n"
    after = before.replace("pick(left):", "pick(left, more):")
    tree = TREE | {
        path: before,
        "vllm/own.py": f"from vllm.pick import {caller}\n\n\ndef run():\n    return {caller}(1)\n",
    }
    found = facts({path: before}, {path: after}, tree=tree).symbol
    assert [(one.symbol, one.effect) for one in found] == [("pick", effect)]


def test_the_changed_line_nearest_to_a_definition() -> None:
    found = changed(
        "        return self.pick(left)",
        "        if left > 3:\n            left = 3\n        return self.pick(left)",
        "Scheduler.schedule",
    )
    assert (found.line, found.changed_line, found.changed_side) == (5, 7, "new")
    gone = changed(
        "        left = budget * 8\n        return self.pick(left)",
        "        return self.pick(budget)",
        "Scheduler.schedule",
    )
    assert (gone.line, gone.changed_line, gone.changed_side) == (5, 6, "new")
    assert (
        changed("schedule(self, budget)", "schedule(self, budget, more)", "Scheduler.schedule").changed_line
        == 0
    )


def test_every_level_of_the_table_orders() -> None:
    """What nothing vouches for is never lighter than what a test of the change shows, and a step is never lighter than the start."""
    table = knowledge().consequence
    rank = LEVELS.index
    effects = [each.effect for each in table.levels[0].effects]
    for row in table.levels:
        for effect in effects:
            levels = [rank(table.level(row.reached, effect, vouched)) for vouched in VOUCHED]
            assert levels == sorted(levels), (row.reached, effect)
    for effect in effects:
        for vouched in VOUCHED:
            step, start = (
                rank(table.level(reached, effect, vouched)) for reached in ("per_step", "start_up")
            )
            assert step >= start, (effect, vouched)


def test_the_page_gives_each_level_its_meaning() -> None:
    page = (Path(__file__).parents[2] / "docs" / "consequence.md").read_text()
    for level in (each.value for each in RiskLevel):
        assert f"| {level} | {texts(Language.ENGLISH)[f'level.{level}']} |" in page


@pytest.mark.parametrize(
    ("after", "effect"),
    [
        pytest.param({"gather": "gather_all", "group": "batch"}, "body", id="its own value and a function that has another name now"),
        pytest.param({"gather": "gather_all", "group": "left"}, "rewrite", id="a name that it has for something else"),
    ],
)  # fmt: skip
def test_lines_that_only_call_things_otherwise_are_no_rewrite(after: dict[str, str], effect: str) -> None:
    lines = "".join(f"        group.append(gather(left, {n}))\n" for n in range(9))
    body = "".join(f"    x = x * {n} + y\n" for n in range(2, 12))
    before = f"def gather(x, y):\n{body}    return x\n\n\nclass Pool:\n    def take(self, left):\n        group = []\n{lines}        return keep(group, left)\n"
    text = before
    for old, new in after.items():
        text = re.sub(rf"\b{old}\b", new, text)
    found = facts({PATH: before}, {PATH: text}, tree={}).symbol
    assert [one.effect for one in found if one.symbol == "Pool.take"] == [effect]


def exchanging(
    old: str,
    new: str,
    *,
    last: str | None = None,
    helper: str = "def pool_is_fixed():\n    return FIXED\n\n\n",
) -> list[str]:
    """Return the effects of three functions that ask ``old`` and then ``new``; the last one asks ``last``; ``helper`` goes."""

    def text(*asked: str) -> str:
        return "".join(
            f"def take_{at}(size):\n    if {one}:\n        return size\n    return {at}\n\n\n"
            for at, one in enumerate(asked)
        )

    before, after = text(old, old, old), text(new, new, last or new)
    found = facts({PATH: helper + before}, {PATH: after}, tree=TREE).symbol
    return [one.effect for one in found if one.symbol and one.symbol.startswith("take_")]


EXCHANGE_ROWS = [
    pytest.param("pool_is_fixed()", "envs.FIXED", None, ["wiring"] * 3, id="the same in place of a helper that went"),
    pytest.param("pool_is_fixed()", "envs.FIXED", "envs.SMALL", ["condition"] * 3, id="something else in one place"),
    pytest.param("pool_is_fixed()", "envs.FIXED", "pool_is_fixed()", ["condition"] * 2, id="what went on elsewhere"),
    pytest.param("pool.is_fixed", "envs.FIXED", None, ["condition"] * 3, id="a few places of what may go on"),
    pytest.param("pool_is_fixed()", "True", None, ["condition"] * 3, id="a value is no other name"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "last", "effects"), EXCHANGE_ROWS)
def test_what_is_exchanged_throughout_is_wiring(
    old: str, new: str, last: str | None, effects: list[str]
) -> None:
    assert exchanging(old, new, last=last) == effects


def test_what_moved_and_calls_by_other_names_what_moved_with_it_is_wiring() -> None:
    """What differs is where names are found; a condition that asks something else is an edit."""
    lines = (
        "".join(f"        left.append(piece_{at}(left, {at}))\n" for at in range(20))
        + "        left += self._more(left)\n" * 5
    )
    body = f"    def _spread(self, left):\n        if self.pool is not None:\n            return left\n{lines}        return left\n"
    loose = body.replace("    def _spread(self, left)", "def spread(left, pool)").replace("\n    ", "\n")
    loose = loose.replace("self.pool", "pool").replace("self._more", "more").removeprefix("    ")
    before = BASE + "\n" + body + "\n    def run(self):\n        return self._spread([])\n"
    after = BASE + "\n    def run(self):\n        return spread([], self.pool)\n\n\n"
    effects = [
        next(one.effect for one in facts({PATH: before}, {PATH: after + each}, tree=TREE).symbol if one.symbol == "spread")
        for each in (loose, loose.replace("pool is not None", "pool is not None and left[0] > 4"))
    ]  # fmt: skip
    assert effects[0] == "wiring" != effects[1]


def test_types_that_count_change_no_numbers() -> None:
    half = changed("return self.pick(left)", "return self.pick(left.to(torch.float16))", "Scheduler.schedule")
    whole = changed("return self.pick(left)", "return self.pick(left.to(torch.int64))", "Scheduler.schedule")
    assert (half.effect, whole.effect) == ("numerics", "body")


def test_what_is_said_of_a_file_stands_where_its_gravest_change_is() -> None:
    after = "import math\n" + BASE.replace("budget * 8", "math.floor(budget) * 8")
    found = facts({PATH: BASE}, {PATH: after}, tree=TREE)
    schedule = next(one for one in found.symbol if one.symbol == "Scheduler.schedule")
    assert [one.line for one in found.file] == [schedule.changed_line or schedule.line] != [1]
