"""The serving path is data."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.errors import RuleError, YamlError
from diffscope.graph.query.serving import load_serving

TEXT = """
- step: "front"
  modules: ["vllm/b/*.py", "vllm/a.py"]
- step: "core"
  modules: ["vllm/**/core.py"]
"""


def test_modules_are_found_by_step_then_glob_then_name() -> None:
    path = load_serving(TEXT, at="serving.yml")
    tree = ["vllm/v1/core.py", "vllm/b/y.py", "vllm/b/core.py", "vllm/a.py", "vllm/b/x.txt", "other.py"]
    assert path.find(tree) == ("vllm/b/core.py", "vllm/b/y.py", "vllm/a.py", "vllm/v1/core.py")


def test_what_a_step_goes_through_on_request_names_its_variable() -> None:
    text = '- {step: "core", modules: ["vllm/core.py"], on_request: {"vllm/new/**": "VLLM_USE_NEW"}}\n'
    path = load_serving(text, at="serving.yml")
    assert [path.variable_of(each) for each in ("vllm/new/a/b.py", "vllm/core.py")] == ["VLLM_USE_NEW", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "serving.yml: not a list of steps"),
        (
            "- step: x\n- 3\n",
            "serving.yml: line 1: a step needs exactly `step` and `modules`; line 2: a step",
        ),
        ("- {step: x, modules: []}\n", "line 1"),
        ("- {step: x, modules: [[]]}\n", "line 1"),
        ("- {step: x, modules: [a], on_request: [b]}\n", "line 1"),
        ("- {step: x, modules: [a], on_request: {b: [c]}}\n", "line 1"),
    ],
    ids=[
        "a mapping",
        "every wrong step is named",
        "no globs",
        "a glob that is no text",
        "requests without a variable",
        "a variable that is no text",
    ],
)
def test_another_shape_is_refused(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_serving(text, at="serving.yml")
    assert message in str(caught.value)


def test_yaml_that_is_not_strict_is_refused() -> None:
    with pytest.raises(YamlError):
        load_serving("- step: *x\n", at="serving.yml")


def test_the_bundled_path_is_read() -> None:
    text = (Path(__file__).parents[2] / "rules" / "serving.yml").read_text("utf-8")
    assert load_serving(text, at="rules/serving.yml").steps[0].name == "API server"
