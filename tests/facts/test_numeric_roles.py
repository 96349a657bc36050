"""Numbers by their role: casts to the type of something else, scales, the scope of reductions, schemes of quantisation."""

from __future__ import annotations

import pytest

from tests.fact_builders import edit

PATH = "vllm/model_executor/layers/quantization/pool.py"
ROLES = {"cast", "scale", "reduction", "scheme"}


def _body(text: str) -> str:
    return f"import torch\n\n\ndef run(x, w, scale, layer):\n{text}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "    return scaled_mm(x, w, scale=scale.view(torch.float8_e4m3fn).flatten())\n",
            "    return scaled_mm(x, w, scale=scale.view(torch.float8_e4m3fn).reshape(*x.shape[:-1], -1))\n",
            [],
            id="a scale in another shape",
        ),
        pytest.param(
            "    return scaled_mm(x, w, None)\n", "    return scaled_mm(x, w, out_scale=None)\n", [], id="a scale that is handed over by its name now"
        ),
        pytest.param("    return x.float() * w\n", "    return x * w\n", [("cast", "removed", None, ".float()")], id="a cast to a wide type goes"),
        pytest.param(
            "    return x.to(w.dtype)\n",
            "    return x.to(torch.float32)\n",
            [("cast", "removed", None, ".to(w.dtype)")],
            id="the type of a weight gives way to a fixed one",
        ),
        pytest.param(
            "    return x.float()\n",
            "    return x.to(w.dtype)\n",
            [("cast", "changed", ".float()", ".to(w.dtype)")],
            id="one cast in place of another",
        ),
        pytest.param("    return x.float()\n", "    y = x + w\n    return y.float()\n", [], id="the same cast of another value"),
        pytest.param("    return x\n", "    return layer.topk_ids.float(), x.to('cuda')\n", [], id="indices and devices"),
        pytest.param("    return x\n", "    return x * scale\n", [("scale", "added", None, "scale")], id="a scale that multiplies"),
        pytest.param(
            "    return (x * scale[:, None]).sum()\n",
            "    return x.sum()\n",
            [("scale", "removed", None, "scale")],
            id="a scale that is folded in no more",
        ),
        pytest.param("    return x * scale\n", "    return x * layer.w_scale\n", [], id="a scale by another name"),
        pytest.param(
            "    return ops.scaled_quant(x, scale=None)\n",
            "    return ops.scaled_quant(x, scale=scale)\n",
            [("scale", "changed", "None", "scale")],
            id="a scale that was worked out is given",
        ),
        pytest.param(
            "    return ops.scaled_mm(x, w, scale=scale)\n",
            "    return ops.scaled_mm(x, w, scale=1 / scale)\n",
            [("scale", "changed", "scale", "1 / scale")],
            id="a scale that is inverted",
        ),
        pytest.param(
            "    return ops.scaled_mm(x, w, scale=scale)\n",
            "    return ops.scaled_mm(x, w, scale=layer.scale)\n",
            [],
            id="a scale that comes from elsewhere",
        ),
        pytest.param(
            "    return x.abs().amax(dim=1)\n",
            "    return x.abs().amax(dim=(1, 2))\n",
            [("reduction", "changed", "dim=1", "dim=(1, 2)")],
            id="a reduction over more dimensions",
        ),
        pytest.param(
            "    return x.sum(-1)\n", "    return x.sum(0)\n", [("reduction", "changed", "-1", "0")], id="a reduction over another dimension"
        ),
        pytest.param("    return max(len(x), 4)\n", "    return max(len(x), 8)\n", [], id="the larger of two counts"),
        pytest.param(
            "    return (layer.m, max(layer.n // 2, layer.k))\n",
            "    return (layer.m, max(layer.n, layer.k))\n",
            [],
            id="the larger of two sizes in a shape",
        ),
        pytest.param(
            "    return int8_w8a16_moe_quant_config(w)\n",
            "    return int8_w8a8_moe_quant_config(w)\n",
            [("scheme", "changed", "int8_w8a16_moe_quant_config", "int8_w8a8_moe_quant_config")],
            id="another scheme",
        ),
        pytest.param(
            "    if x:\n        return int8_w8a16_moe_quant_config(w)\n    return None\n",
            "    if x and w:\n        return int8_w8a16_moe_quant_config(w)\n    return None\n",
            [("scheme", "reguarded", None, "int8_w8a16_moe_quant_config")],
            id="a scheme in fewer cases",
        ),
    ],
)  # fmt: skip
def test_choices_of_an_edited_function(
    before: str, after: str, expected: list[tuple[str, str, str | None, str]]
) -> None:
    found = edit(PATH, _body(before), _body(after)).numeric
    assert [(one.what, one.change, one.before, one.text) for one in found if one.what in ROLES] == expected


def test_a_cast_that_goes_to_another_function_is_none() -> None:
    before = "def wide(x):\n    return x.float()\n\n\ndef run(x):\n    return wide(x)\n"
    after = "def run(x):\n    return x.float()\n"
    assert [one for one in edit(PATH, before, after).numeric if one.what == "cast"] == []


@pytest.mark.parametrize(
    ("before", "after", "factor"),
    [
        pytest.param("24576", "2048", 12, id="a twelfth"),
        pytest.param("64", "96", 1, id="half as much again"),
        pytest.param("0", "8", 0, id="from nothing says nothing"),
    ],
)
def test_how_much_larger_or_smaller_a_constant_is(before: str, after: str, factor: int) -> None:
    found = edit(PATH, f"LIMIT = {before}\n", f"LIMIT = {after}\n").numeric
    assert [(one.what, one.symbol, one.factor) for one in found] == [("number", "LIMIT", factor)]


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        pytest.param(
            "load_weight", "w.contiguous()", "w.t()", [("added", None, ".t()")], id="a weight that is turned"
        ),
        pytest.param(
            "load_weight",
            "w.permute(0, 2, 1)",
            "w.permute(1, 2, 0)",
            [("changed", ".permute(0, 2, 1)", ".permute(1, 2, 0)")],
            id="another order of dimensions",
        ),
        pytest.param("load_weight", "w.t()", "x.t()", [], id="the same turn of another value"),
        pytest.param("run", "w", "w.t()", [], id="an activation that is turned"),
    ],
)
def test_layout_of_weights(
    name: str, before: str, after: str, expected: list[tuple[str, str | None, str]]
) -> None:
    texts = [f"def {name}(w, x):\n    return pack({value})\n" for value in (before, after)]
    found = edit(PATH, *texts).numeric
    assert [(one.change, one.before, one.text) for one in found if one.what == "layout"] == expected
