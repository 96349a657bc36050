"""Counterparts: who uses a changed symbol, and who is merely handed an object of it."""

from __future__ import annotations

import pytest

from tests.fact_builders import facts

TABLE = "vllm/v1/worker/gpu/tables.py"
TWIN = "vllm/v1/worker/gpu/spec_decode/draft.py"
BEFORE = "class Tables:\n    def __init__(self, size):\n        self.size = size\n\n    def fold(self, x):\n        return x\n"
IMPORT = "from vllm.v1.worker.gpu.tables import Tables\n\n\n"
TREE = {f"{path}/__init__.py": "" for path in ("vllm", "vllm/v1", "vllm/v1/worker", "vllm/v1/worker/gpu")}


@pytest.mark.parametrize(
    ("twin", "after", "expected"),
    [
        pytest.param(
            "def make():\n    return Tables(4)\n", BEFORE.replace("size):", "size, rank):"), ["Tables.__init__"], id="made by the counterpart"
        ),
        pytest.param(
            "def use(tables: Tables):\n    return tables.fold(1)\n", BEFORE.replace("size):", "size, rank):"), [], id="handed to the counterpart"
        ),
        pytest.param(
            "def use(tables: Tables):\n    return tables.fold(1)\n",
            BEFORE.replace("x):", "x, y):"),
            ["Tables.fold"],
            id="a method of what is handed over",
        ),
    ],
)  # fmt: skip
def test_who_is_handed_an_object_does_not_care_how_it_is_made(
    twin: str, after: str, expected: list[str]
) -> None:
    tree = {**TREE, "vllm/v1/worker/gpu/spec_decode/__init__.py": "", TWIN: IMPORT + twin}
    found = facts({TABLE: BEFORE}, {TABLE: after}, tree=tree).counterpart
    assert [(one.symbol, one.counterpart) for one in found] == [(name, f"{TWIN}:1") for name in expected]
