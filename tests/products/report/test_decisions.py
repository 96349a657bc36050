"""What the code of a tree decides of settings, from small modules."""

from __future__ import annotations

import pytest

from diffscope.products.report.decisions import (
    acted_in,
    barred_in,
    capped_in,
    choices_in,
    condition_in_words,
    decided_in,
    defaults_in,
    described_in,
    first_in,
    properties_of,
)

SETTINGS = frozenset({"most_wicks", "burn_oil"})
KNOWN = {"is_dark": "self.hour > 20 and self.lamps", "MANY": "9"}
ALL = range(1, 99)


def _a_class(*lines: str) -> str:
    return "class LampConfig:\n    def fill(self, lamp):\n" + "".join(f"        {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        pytest.param(_a_class("self.burn_oil = True"), [("burn_oil", "True", "", False)], id="under no condition"),
        pytest.param(_a_class("if self.gas:", "    if self.wax > 2:", "        self.burn_oil = True"), [("burn_oil", "True", "self.gas and self.wax > 2", False)], id="all conditions around it"),
        pytest.param(_a_class("if self.gas:", "    pass", "else:", "    self.burn_oil = True"), [("burn_oil", "True", "not self.gas", False)], id="otherwise"),
        pytest.param(_a_class("if self.most_wicks is None and self.gas:", "    self.most_wicks = LampConfig.MANY"), [("most_wicks", "9", "self.gas", True)], id="if nobody set it, a constant"),
        pytest.param(_a_class("if self.is_dark:", "    self.most_wicks = 4"), [("most_wicks", "4", "self.hour > 20 and self.lamps", False)], id="what a property asks"),
        pytest.param(_a_class("if lamp:", "    self.most_wicks = 4"), [], id="what a caller asks for"),
        pytest.param(_a_class("self.burn_oil = lamp"), [], id="handed on"),
        pytest.param(_a_class("self.unknown = True"), [], id="nothing that users set"),
        pytest.param("def f(lamp):\n    lamp.burn_oil = True\n", [], id="of no configuration"),
        pytest.param("class LampConfig:\n  def", [], id="no module"),
    ],
)  # fmt: skip
def test_what_code_decides(text: str, decided: list[tuple[str, str, str, bool]]) -> None:
    found = decided_in(text, ALL, SETTINGS, KNOWN)
    assert [(one.name, one.value, one.condition, one.is_unset) for one in found] == decided


@pytest.mark.parametrize(
    ("condition", "english", "chinese"),
    [
        pytest.param("self.data_parallel_size > 1 and self.enable_expert_parallel", "the data parallel size is above 1 and expert parallelism is on", "数据并行数大于 1 且启用专家并行", id="names that many know"),
        pytest.param("not get_node_count() > 1", "the number of nodes is at most 1", "节点数不大于 1 ", id="the opposite"),
        pytest.param("wick in ('a', 'b')", "`wick` is one of `a`, `b`", "`wick` 为 `a`、`b` 之一", id="one of some"),
        pytest.param("envs.LAMP or gas is None", "`LAMP` is on or `gas` is not set", "启用 `LAMP` 或未设置 `gas` ", id="one or the other"),
        pytest.param("f(1) + 2", "`f(1) + 2` holds", "`f(1) + 2` 成立", id="no words for it"),
    ],
)  # fmt: skip
def test_conditions_in_words(condition: str, english: str, chinese: str) -> None:
    said = condition_in_words(condition)
    assert (said.en, said.zh) == (english, chinese)


@pytest.mark.parametrize(
    ("body", "first"),
    [
        pytest.param("    first = [Lamp.OIL]\n    first.append(Lamp.GAS)", {"": "OIL"}, id="a list"),
        pytest.param("    if is_dark():\n        return [Lamp.GAS]\n    return [Lamp.OIL]", {"is_dark()": "GAS", "": "OIL"}, id="under a condition and under none"),
        pytest.param("    first = [Lamp.OIL]\n    if dark:\n        first.append(Lamp.GAS)", {"": "OIL"}, id="behind one that is tried in any case"),
        pytest.param("    if dark:\n        return [Lamp.GAS]\n    else:\n        return [Lamp.OIL]", {"dark": "GAS", "not dark": "OIL"}, id="one of two"),
        pytest.param("    return lamps", {}, id="none named"),
    ],
)  # fmt: skip
def test_what_a_function_tries_first(body: str, first: dict[str, str]) -> None:
    assert first_in(f"def order():\n{body}\n\n\ndef other():\n    return Lamp.WAX\n", "order") == first


AUTO = """
def choose():
    fuel = envs.LAMP_FUEL
    if fuel != "auto":
        return fuel
    if rooms() > 1:
        fuel = "gas"
    else:
        fuel = "oil"
    if rooms() > 1 and fuel == "oil":
        raise ValueError("too dark")
"""


def test_what_an_open_default_stands_for_and_what_is_refused() -> None:
    assert choices_in(AUTO, "LAMP_FUEL", "auto") == [("rooms() > 1", "gas"), ("rooms() <= 1", "oil")]
    assert choices_in(AUTO, "OTHER", "auto") == []
    assert barred_in(AUTO, ALL, "oil") == ["rooms() > 1"]
    assert barred_in(AUTO, ALL, "gas") == barred_in(AUTO, range(3), "oil") == []


def test_defaults_docstrings_properties_and_greatest_versions() -> None:
    table = "default_most_wicks = {Use.SERVER: 8, Use.BOTH: 99}\nif is_tpu():\n    default_most_wicks = 4\nDEFAULT_MOST_WICKS = 2\n"
    assert defaults_in(table, "most_wicks") == {8.0, 2.0}
    text = 'class Config:\n    wicks: int = Field(default=0.9, gt=0)\n    """Of a lamp.\n    Two, say."""\n    oil: str\n'
    assert described_in(text) == {"wicks": ("Of a lamp. Two, say.", "0.9"), "oil": ("", "")}
    asked = "class C:\n    MANY = 9\n    @property\n    def dark(self):\n        return self.a and self.b\n"
    assert properties_of(asked) == {"MANY": "9", "dark": "self.a and self.b"}
    lamps = 'LAMPS = {\n    "a": Lamp(max_oil_version="4"),\n    "b": Lamp(),\n}\n'
    assert capped_in(lamps, {2}, "lights") == ["a"]
    assert capped_in(lamps, {3}, "lights") == []


def test_what_a_variable_acted_with() -> None:
    text = "def chunks(self):\n    return (self.use_oil or self.use_gas) and envs.LAMP_CHUNK\n"
    assert acted_in(text, {2}, "LAMP_CHUNK") == ["use_oil", "use_gas"]
    assert acted_in(text, {1}, "LAMP_CHUNK") == acted_in(text, {2}, "OTHER") == []


@pytest.mark.parametrize(
    ("reasons", "found"),
    [
        pytest.param("why_reason={'lights': 'dark'}", ["a"], id="a reason of the project's own code"),
        pytest.param("why_reason={'other': 'dark'}", [], id="a reason of another program alone"),
        pytest.param("why_reason={'other': 'dark', 'lights': 'dim'}", ["a"], id="reasons of both"),
        pytest.param("more={'other': 1}", ["a"], id="a table of something else"),
    ],
)
def test_a_greatest_version_may_bind_another_program_alone(reasons: str, found: list[str]) -> None:
    lamps = f'LAMPS = {{\n    "a": Lamp(max_oil_version="4", {reasons}),\n}}\n'
    assert capped_in(lamps, {2}, "lights") == found
