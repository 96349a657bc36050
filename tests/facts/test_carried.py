"""Lines that leave one symbol and arrive in another are nobody's edit."""

from __future__ import annotations

import pytest

from diffscope.facts.model import SymbolFact
from tests.fact_builders import facts

STEPS = """\
        chosen = self.table.lookup(request)
        budget = self.limit - chosen.tokens
        if chosen.tokens > budget:
            chosen.trim(budget, self.limit)
        else:
            self.waiting.append(chosen)
        self.order.insert(0, chosen)
        chosen.mark(self.clock.now())
"""
OTHER = "".join(f"        self.part{at} = self.make(layer, {at})\n" for at in range(8))


def _module(*bodies: tuple[str, str]) -> str:
    return "class Runner:\n" + "\n".join(f"    def {name}(self, request):\n{body}" for name, body in bodies)


def _sizes(before: dict[str, str], after: dict[str, str]) -> dict[str | None, tuple[int, int]]:
    def size(one: SymbolFact) -> tuple[int, int]:
        return one.code_added, one.code_removed

    return {one.symbol: size(one) for one in facts(before, after).symbol if one.kind != "class"}


def test_lines_that_go_to_a_new_method_are_no_edit_of_either() -> None:
    """Both keep what is theirs: the call here, the signature and the line that is new there."""
    found = _sizes(
        {"vllm/a.py": _module(("run", STEPS + OTHER))},
        {
            "vllm/a.py": _module(
                ("run", "        self.pick(request, True)\n" + OTHER),
                ("_late", STEPS + "        self.count += 1\n"),
            )
        },
    )
    assert found == {"Runner.run": (1, 0), "Runner._late": (2, 0)}


@pytest.mark.parametrize(
    ("arrives", "sizes"),
    [
        pytest.param(STEPS, {"Runner.run": (1, 0), "Base.share": (1, 0)}, id="a class of another file"),
        pytest.param(
            "".join(STEPS.splitlines(keepends=True)[:2]),
            {"Runner.run": (1, 8), "Base.share": (3, 0)},
            id="too few lines to be more than chance",
        ),
    ],
)
def test_lines_that_go_to_another_file(arrives: str, sizes: dict[str, tuple[int, int]]) -> None:
    """Where the lines arrive does not matter; how many do, does."""
    keep = "def keep():\n    return 1\n"
    found = _sizes(
        {"vllm/a.py": _module(("run", STEPS + OTHER)), "vllm/b.py": keep},
        {
            "vllm/a.py": _module(("run", "        self.share(request, 1)\n" + OTHER)),
            "vllm/b.py": keep + "\n\nclass Base:\n    def share(self, request):\n" + arrives,
        },
    )
    assert found == sizes


def test_one_method_that_becomes_two_is_no_edit() -> None:
    """What is gone as a whole lives on in its parts."""
    found = _sizes(
        {"vllm/a.py": _module(("run", STEPS + OTHER))},
        {"vllm/a.py": _module(("first", STEPS), ("second", OTHER))},
    )
    assert found == {"Runner.run": (0, 1), "Runner.first": (1, 0), "Runner.second": (1, 0)}


def test_lines_that_are_lost_once_arrive_once() -> None:
    """A second copy of what left is new code."""
    found = _sizes(
        {"vllm/a.py": _module(("run", STEPS + OTHER))},
        {"vllm/a.py": _module(("run", OTHER), ("one", STEPS), ("two", STEPS))},
    )
    assert sorted(found.values()) == [(0, 0), (1, 0), (9, 0)]


def test_lines_rewritten_on_the_way_are_an_edit() -> None:
    """Only what arrives as it left is taken out."""
    changed = STEPS.replace("chosen.trim(budget, self.limit)", "chosen.trim(budget // 2, 0)")
    found = _sizes(
        {"vllm/a.py": _module(("run", STEPS + OTHER))},
        {"vllm/a.py": _module(("run", OTHER), ("_late", changed + OTHER.replace("make", "build")))},
    )
    assert found == {"Runner.run": (0, 1), "Runner._late": (10, 0)}
