"""Which changed symbols no test names, and which need no naming."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from diffscope.facts.model import SymbolFact
from tests.assessment.test_assess import assessed
from tests.assessment.test_scores import CORE, facts_of
from tests.fact_builders import facts
from tests.taxonomies import a_file, a_symbol


@pytest.mark.parametrize(
    ("symbol", "is_listed"),
    [
        pytest.param(a_symbol(CORE, "Pool.take", tests_naming=0), True, id="a method that no test names"),
        pytest.param(a_symbol(CORE, "Pool.__init__", tests_naming=0, public=True), False, id="a method of the language"),
        pytest.param(a_symbol(CORE, "Pool.check", tests_naming=0, decorators=('pydantic.field_validator("size")',)), False, id="a check of a field"),
        pytest.param(a_symbol(CORE, "Pool.check", tests_naming=0, decorators=("model_validator(mode='after')",)), False, id="a check of a model"),
        pytest.param(a_symbol(CORE, "Pool.check", tests_naming=0, decorators=("validator_of_pools",)), True, id="a decorator of another name"),
        pytest.param(a_symbol(CORE, "Pool.forward_cuda", tests_naming=0, class_tests_naming=2), False, id="the forward of a class that tests name"),
        pytest.param(a_symbol(CORE, "Pool.forward", tests_naming=0, class_tests_naming=0), True, id="the forward of a class that no test names"),
        pytest.param(a_symbol(CORE, "Pool.forward", tests_naming=0), True, id="the forward of a class that nobody asked for"),
        pytest.param(a_symbol(CORE, "Pool.take", tests_naming=0, class_tests_naming=2), True, id="another method of a class that tests name"),
    ],
)  # fmt: skip
def test_what_tests_reach_without_its_name_is_not_listed(symbol: SymbolFact, *, is_listed: bool) -> None:
    found = assessed(facts_of("x", a_file(CORE), symbols=(symbol,))).tests.unnamed_symbols
    assert found == ((symbol.symbol,) if is_listed else ())


def test_the_class_of_a_method_is_looked_up_in_tests() -> None:
    """Both in those of the base and in those of the change; a function has no class."""
    found = facts(
        {
            "vllm/pools.py": "class Pool:\n    def forward(self):\n        return 1\n\n\ndef take():\n    return 1\n",
            "tests/test_b.py": "",
        },
        {
            "vllm/pools.py": "class Pool:\n    def forward(self):\n        return 2\n\n\ndef take():\n    return 2\n",
            "tests/test_b.py": "from vllm.pools import Pool\n\n\ndef test_b():\n    assert Pool()() == 2\n",
        },
        tree={
            "tests/test_a.py": "from vllm.pools import Pool\n\n\ndef test_a():\n    assert Pool()() == 2\n"
        },
    )
    known = {one.symbol: one.class_tests_naming for one in found.symbol if one.category == "source"}
    assert known == {"Pool.forward": 2, "take": UNSET}
