"""The serving path is data."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.errors import RuleError
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
        pytest.param("a: 1\n", "serving.yml:1:1: the file must be a list, not a mapping", id="a mapping"),
        pytest.param("- step: x\n- 3\n", "2 mistakes\nserving.yml:1:3: entry 1 lacks 'modules' (add 'modules:')\nserving.yml:2:3: entry 2 must be", id="every wrong step is named"),
        pytest.param("- {step: x, modules: []}\n", "serving.yml:1:22: 'modules' of entry 1 is an empty list", id="no globs"),
        pytest.param("- {step: x, modules: [[]]}\n", "1:23: an entry of 'modules' of entry 1 must be text, not a list", id="a glob that is no text"),
        pytest.param("- {step: x, modules: [a], on_request: [b]}\n", "1:39: 'on_request' of entry 1 must be a mapping, not a list", id="requests without a variable"),
        pytest.param("- {step: x, modules: [a], on_request: {b: [c]}}\n", "1:43: the glob 'b' must be text, not a list", id="a variable that is no text"),
        pytest.param("- step: *x\n", "1:9: the alias *x is not allowed", id="YAML that is not strict"),
    ],
)  # fmt: skip
def test_another_shape_is_refused(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_serving(text, at="serving.yml")
    assert message in str(caught.value)


def test_the_bundled_path_is_read() -> None:
    text = (Path(__file__).parents[2] / "rules" / "serving.yml").read_text("utf-8")
    assert load_serving(text, at="rules/serving.yml").steps[0].name == "API server"


def test_path_is_a_key() -> None:
    """What is worked out of a graph is kept by the serving path."""
    text = '- {step: "core", modules: ["vllm/core.py"], on_request: {"vllm/new/**": "VLLM_USE_NEW"}}\n'
    assert len({load_serving(text, at="a"), load_serving(text, at="b")}) == 1
