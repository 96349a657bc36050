"""The first sentences of a change."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import SymbolAssessment
from diffscope.messages.model import Language
from diffscope.render.sentences import begin, what_to_check
from diffscope.render.words import Words
from tests.assessments import an_assessment


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        pytest.param("adds a rule", "Adds a rule", id="a word"),
        pytest.param("where, then", "Where, then", id="a word before a comma"),
        pytest.param("vllm/a.py:3 f still overrides g", "vllm/a.py:3 f still overrides g", id="a path"),
        pytest.param("core.run returns", "core.run returns", id="a name of the code"),
        pytest.param("`run` returns", "`run` returns", id="code in quotes"),
        pytest.param("新增 x", "新增 x", id="Chinese"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_sentence_begins_with_a_capital_and_code_stays_as_it_is(text: str, begun: str) -> None:
    assert begin(text) == begun


@pytest.mark.parametrize(
    ("gone", "new", "asked"),
    [
        pytest.param("test_marker_variants", "test_streams", True, id="nothing in its place"),
        pytest.param(
            "test_marker_variants", "test_all_marker_variants", False, id="one with most of its words"
        ),
        pytest.param("test_old_marker", "test_streams", False, id="the test of code that went too"),
    ],
)
def test_a_test_that_is_gone_is_asked_about(gone: str, new: str, asked: bool) -> None:
    base = an_assessment(flags=(), effects=())
    code = msgspec.structs.replace(base.files[0], path="vllm/a.py", category="source")
    test = msgspec.structs.replace(base.files[0], path="tests/test_a.py", category="test")
    symbols = tuple(
        SymbolAssessment(path=path, line=1, name=name, kind="function", aspects=(aspect,), logic=True)
        for path, name, aspect in (
            ("tests/test_a.py", gone, "removed"),
            ("tests/test_a.py", new, "added"),
            ("vllm/a.py", "run", "body"),
            ("vllm/a.py", "old_marker", "removed"),
        )
    )
    change = msgspec.structs.replace(base, files=(code, test), symbols=symbols)
    checks = what_to_check(change, Words(Language.ENGLISH))
    assert [f"`{gone}` is gone" in one for one in checks] == [True] * asked


@pytest.mark.parametrize(
    ("aspect", "asked"),
    [pytest.param("added", True, id="its class is new"), pytest.param("body", False, id="its class stood")],
)
def test_a_new_model_is_asked_for_the_outputs_of_its_reference(aspect: str, asked: bool) -> None:
    base = an_assessment(flags=(), effects=())
    code = msgspec.structs.replace(base.files[0], path="vllm/a.py", category="source")
    row = SymbolAssessment(
        path="vllm/a.py", line=1, name="LampModel", kind="registry-row", aspects=("changed",), logic=True,
        role=("models", "lamp.LampModel"),
    )  # fmt: skip
    made = msgspec.structs.replace(row, kind="class", aspects=(aspect,), role=())
    change = msgspec.structs.replace(base, files=(code,), symbols=(row, made))
    checks = what_to_check(change, Words(Language.ENGLISH))
    assert [one.startswith("Which run shows that `LampModel` gives") for one in checks] == [True] * asked


def test_a_new_endpoint_is_asked_for_what_its_neighbours_ask_for() -> None:
    base = an_assessment(flags=(), effects=())
    code = msgspec.structs.replace(base.files[0], path="vllm/a.py", category="source")
    route = SymbolAssessment(
        path="vllm/a.py", line=1, name="render", kind="function", aspects=("added",), logic=True,
        role=("post", "/v1/render"),
    )  # fmt: skip
    change = msgspec.structs.replace(base, files=(code,), symbols=(route,))
    first, *_ = what_to_check(change, Words(Language.ENGLISH))
    assert first.startswith("Does `POST /v1/render` ask for what its neighbours ask for (API key, ")
