"""When changed code runs, on a small tree laid out as vLLM is: from what calls it to a declared root."""

from __future__ import annotations

import pytest

from diffscope.facts.model import SymbolFact
from tests.fact_builders import facts

ENGINE = """
from vllm.v1.core.sched.scheduler import Scheduler


class EngineCore:
    def __init__(self):
        self.scheduler = Scheduler()

    def step(self):
        return self.scheduler.schedule()
"""
SCHEDULER = """
from vllm.v1.core.budget import shrink


class Scheduler:
    def schedule(self):
        return self._pick(3)

    def _pick(self, count):
        return shrink(count)

    def describe(self):
        return "scheduler"
"""
LAYER = """
from torch import nn

from vllm.layers.ops import scale


class Gate(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return scale(x)

    def load_weights(self, weights):
        return convert(weights)


def convert(weights):
    return weights


class NarrowGate(Gate):
    def forward(self, x):
        return x
"""
TREE = {
    "vllm/__init__.py": "",
    "vllm/v1/__init__.py": "",
    "vllm/v1/engine/__init__.py": "",
    "vllm/v1/engine/core.py": ENGINE,
    "vllm/v1/core/__init__.py": "",
    "vllm/v1/core/sched/__init__.py": "",
    "vllm/v1/core/sched/scheduler.py": SCHEDULER,
    "vllm/v1/core/budget.py": "def shrink(count):\n    return halve(count)\n\n\ndef halve(count):\n    return copy_meta(count // 4)\n\n\ndef copy_meta(count):\n    return count + 5\n\n\ndef alone():\n    return 1\n",
    "vllm/layers/__init__.py": "",
    "vllm/layers/gate.py": LAYER,
    "vllm/layers/ops.py": "def scale(x):\n    return x * 3\n",
    "vllm/models/__init__.py": "",
    "vllm/models/one.py": "from vllm.layers.gate import Gate\nfrom vllm.models.own import only\n\n\nclass OneModel(Gate):\n    def forward(self, x):\n        return only(x + 3)\n",
    **{f"vllm/models/{name}.py": f"from vllm.layers.gate import Gate\n\n\nclass {name.title()}Model(Gate):\n    pass\n" for name in ("two", "three")},
    "vllm/models/own.py": "def only(x):\n    return x + 7\n",
    "vllm/models/registry.py": "_MODELS = {\n"
    + "".join(f'    "{name}Model": ("vllm.models.{name.lower()}", "{name}Model"),\n' for name in ("One", "Two", "Three"))
    + "}\n",
    "vllm/platforms/__init__.py": "",
    "vllm/platforms/rocm.py": "def limit():\n    return 3\n",
    "vllm/benchmarks/__init__.py": "",
    "vllm/benchmarks/serve.py": "def measure():\n    return 3\n",
}  # fmt: skip


def changed(path: str, before: str, after: str, symbol: str) -> SymbolFact:
    old = TREE[path]
    assert before in old
    tree = {each: text for each, text in TREE.items() if each != path}
    found = facts({path: old}, {path: old.replace(before, after, 1)}, tree=tree).symbol
    return next(one for one in found if one.symbol == symbol)


ROWS = [
    pytest.param(
        "vllm/v1/core/sched/scheduler.py",
        "_pick(3)",
        "_pick(4)",
        "Scheduler.schedule",
        ("per_step", "root", "Scheduler.schedule"),
        id="a root is known by its class and name",
    ),
    pytest.param(
        "vllm/v1/core/budget.py",
        "count // 4",
        "count // 8",
        "halve",
        ("per_step", "called", "halve <- shrink <- Scheduler._pick <- Scheduler.schedule"),
        id="a function of another file is followed to the step that calls it",
    ),
    pytest.param(
        "vllm/v1/core/budget.py",
        "count + 5",
        "count + 6",
        "copy_meta",
        ("per_step", "called", "copy_meta <- halve <- shrink <- Scheduler._pick <- Scheduler.schedule"),
        id="data about something is no operator that stands for another while a graph is traced",
    ),
    pytest.param("vllm/v1/core/budget.py", "return 1", "return 2", "alone", ("unknown", "no-caller", ""), id="nobody names it"),
    pytest.param(
        "vllm/layers/gate.py",
        "        return x\n",
        "        return -x\n",
        "NarrowGate.forward",
        ("per_step", "root", "NarrowGate.forward"),
        id="an override of the forward pass counts by the classes above",
    ),
    pytest.param(
        "vllm/layers/ops.py",
        "x * 3",
        "x * 5",
        "scale",
        ("per_step", "called", "scale <- Gate.forward"),
        id="an operator of a layer runs in its forward pass",
    ),
    pytest.param(
        "vllm/layers/gate.py",
        "    return weights",
        "    return list(weights)",
        "convert",
        ("start_up", "called", "convert <- Gate.load_weights"),
        id="what converts weights runs once",
    ),
    pytest.param(
        "vllm/layers/gate.py",
        "self.size = size",
        "self.size = size + 1",
        "Gate.__init__",
        ("start_up", "root", "Gate.__init__"),
        id="layers are constructed at start",
    ),
    pytest.param(
        "vllm/models/one.py",
        "x + 3",
        "x + 5",
        "OneModel.forward",
        ("opt_in", "asked for by _MODELS:OneModel", "OneModel.forward"),
        id="one model is asked for by its row",
    ),
    pytest.param(
        "vllm/models/own.py",
        "x + 7",
        "x + 9",
        "only",
        ("opt_in", "asked for by _MODELS:OneModel", "only <- OneModel.forward"),
        id="what one model alone imports is asked for with it, what three share is not",
    ),
    pytest.param(
        "vllm/platforms/rocm.py",
        "return 3",
        "return 5",
        "limit",
        ("one_platform", "platform", ""),
        id="another platform's module reaches that platform",
    ),
    pytest.param("vllm/benchmarks/serve.py", "return 3", "return 5", "measure", ("tools", "category", ""), id="a benchmark is a tool"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after", "symbol", "expected"), ROWS)
def test_reach_of_a_changed_symbol(
    path: str, before: str, after: str, symbol: str, expected: tuple[str, str, str]
) -> None:
    found = changed(path, before, after, symbol)
    assert (found.reached, found.reach_reason, found.reach_path) == expected


def test_a_model_runs_per_step_for_whoever_asks_for_it() -> None:
    assert changed("vllm/models/one.py", "x + 3", "x + 5", "OneModel.forward").runs == "per_step"


def test_what_the_change_adds_is_followed_through_what_it_adds() -> None:
    path = "vllm/v1/core/sched/scheduler.py"
    edited = SCHEDULER.replace("return self._pick(3)", "return fresh(3)").replace(
        "budget import shrink", "new import fresh"
    )
    tree = {each: text for each, text in TREE.items() if each != path}
    found = facts(
        {path: SCHEDULER},
        {path: edited, "vllm/v1/core/new.py": "def fresh(count):\n    return count\n"},
        tree=tree,
    ).symbol
    fresh = next(one for one in found if one.symbol == "fresh")
    assert (fresh.reached, fresh.reach_path) == ("per_step", "fresh <- Scheduler.schedule")


def test_bases_in_a_ring_end() -> None:
    text = "class A(B):\n    def go(self):\n        return 3\n\n\nclass B(A):\n    pass\n"
    found = facts(
        {"vllm/ring.py": text}, {"vllm/ring.py": text.replace("3", "5")}, tree={"vllm/__init__.py": ""}
    )
    assert [(one.symbol, one.reached) for one in found.symbol] == [("A.go", "unknown")]


def test_a_thread_target_runs_when_its_object_works() -> None:
    text = (
        "import threading\n\n\nclass DiskConnector:\n    def register_kv_caches(self):\n"
        "        threading.Thread(target=self._loop).start()\n\n    def get_finished(self):\n        return 1\n\n"
        "    def _loop(self):\n        return 3\n"
    )
    found = facts(
        {"vllm/disk.py": text}, {"vllm/disk.py": text.replace("3", "5")}, tree={"vllm/__init__.py": ""}
    )
    assert [(one.runs, one.reach_reason) for one in found.symbol] == [("per_step", "handed-on")]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param("combine", ("unknown", "handed-on"), id="only named there"),
        pytest.param("combine(3)", ("start_up", "called"), id="called there"),
    ],
)
def test_what_a_constructor_keeps_may_run_at_any_time(kept: str, expected: tuple[str, str]) -> None:
    text = f"def _one(x):\n    return x\n\n\ndef combine(x):\n    return _one(x)\n\n\nclass WideModelRunner:\n    def __init__(self):\n        self.how = {kept}\n"
    changed = text.replace("return x\n", "return -x\n").replace("_one(x)\n\n", "_one(-x)\n\n")
    found = facts({"vllm/how.py": text}, {"vllm/how.py": changed}, tree={"vllm/__init__.py": ""}).symbol
    assert {one.symbol: (one.runs, one.reach_reason) for one in found} == {
        "_one": expected,
        "combine": expected,
    }


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param("", ("unknown", "no-caller"), id="nobody names its class"),
        pytest.param(
            "\n\ndef make():\n    return SideGate(3)\n", ("per_step", "root"), id="its file names it"
        ),
    ],
)
def test_a_layer_that_goes_ran_where_something_named_it(more: str, expected: tuple[str, str]) -> None:
    path, side = (
        "vllm/layers/gate.py",
        "\n\nclass SideGate(Gate):\n    def forward(self, x):\n        return -x\n",
    )
    tree = TREE | {path: LAYER + side + more}
    found = facts({path: LAYER + side + more}, {path: LAYER}, tree=tree).symbol
    assert [(one.reached, one.reach_reason) for one in found if one.symbol == "SideGate.forward"] == [
        expected
    ]
