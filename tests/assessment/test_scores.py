"""Importance and insight: sums of parts, and what must weigh more than what."""

from __future__ import annotations

import math
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.assessment.scores import score_importance, score_insight
from diffscope.assessment.signals import Signals, read_signals
from diffscope.facts.classify.classify import classify_change
from diffscope.facts.model import (
    ChangeFacts,
    DependencyFact,
    FileFact,
    ImportFact,
    ModuleFact,
    NumericFact,
    OptionFact,
    RegistryFact,
    SymbolFact,
)
from tests.taxonomies import a_file, a_pull, a_symbol, bundled

SCORES = bundled().tables.scores
CORE = "vllm/v1/engine/core.py"
QUIET = Signals(
    kind="bugfix", size=0, logic=0, written=0, removed=0, centre=0, branches=0, symbols=0, modules=0, areas=(), folders=0, surfaces=(), classes_new=0, classes_gone=0,
    adopters=(), steps=0, numerics=0, options=(), tests=0, platforms=(), grave=(), dependencies=(), foundations=(), infrastructure=0, minor=False, words=0,
)  # fmt: skip


def facts_of(
    title: str, *files: FileFact, symbols: tuple[SymbolFact, ...] = (), **more: object
) -> ChangeFacts:
    """Return the facts of a change of these files."""
    pull = a_pull(title, body=more.pop("body", None))
    return ChangeFacts(
        pull=pull, change=classify_change(pull, files, symbols, bundled()), file=files, symbol=symbols, **more
    )  # type: ignore[arg-type]


def importance(title: str, *files: FileFact, **more: object) -> float:
    """Return the importance of a change of these files."""
    return score_importance(read_signals(facts_of(title, *files, **more), bundled()), SCORES).value


SIGNALS = st.builds(
    Signals,
    kind=st.sampled_from([rule.name for rule in bundled().tables.kinds.kinds]),
    size=st.floats(0, 1e6),
    logic=st.floats(0, 1e6),
    written=st.integers(0, 10**6),
    removed=st.integers(0, 10**6),
    centre=st.floats(0, 1),
    branches=st.integers(0, 1000),
    symbols=st.integers(0, 1000),
    modules=st.integers(0, 100),
    areas=st.sampled_from([(), ("engine",), ("engine", "moe", "lora")]),
    folders=st.integers(0, 100),
    surfaces=st.sampled_from([(), ("LLM",), ("LLM", "config", "engine")]),
    classes_new=st.integers(0, 9),
    classes_gone=st.integers(0, 9),
    adopters=st.sampled_from([(), ("vllm.a",), ("vllm.a", "models: X")]),
    steps=st.integers(0, 10**5),
    numerics=st.integers(0, 100),
    options=st.sampled_from([(), ("--x",), ("--x", "VLLM_X")]),
    tests=st.integers(0, 10**5),
    platforms=st.sampled_from([(), ("rocm",)]),
    grave=st.sampled_from([(), ("crash",)]),
    dependencies=st.sampled_from([(), ("torch",)]),
    foundations=st.sampled_from([(), ("torch",)]),
    infrastructure=st.integers(0, 10**5),
    minor=st.booleans(),
    words=st.integers(0, 2000),
)


@pytest.mark.parametrize("score", [score_importance, score_insight], ids=["importance", "insight"])
@given(signals=SIGNALS)
def test_parts_sum_to_the_value(score: object, signals: Signals) -> None:
    """A reader can check the sum; the value stays between 0 and 10; no part is nothing."""
    found = score(signals, SCORES)  # type: ignore[operator]
    assert found.value == pytest.approx(sum(part.value for part in found.parts), abs=1e-6)
    assert 0 <= found.value <= 10
    assert all(part.value and part.why for part in found.parts)
    assert all(re.search(r"[\u4e00-\u9fff]", part.why.zh) for part in found.parts)
    assert len({part.name for part in found.parts}) == len(found.parts)


@pytest.mark.parametrize(
    "field",
    ["size", "folders", "classes_new", "classes_gone", "steps", "numerics", "tests", "infrastructure"],
    ids=lambda name: f"more {name}",
)
@given(signals=SIGNALS)
def test_more_never_makes_a_change_less_important(field: str, signals: Signals) -> None:
    """The score grows with each signal, or stays."""
    more = msgspec.structs.replace(signals, **{field: getattr(signals, field) * 2 + 1})
    assert score_importance(more, SCORES).value >= score_importance(signals, SCORES).value


def test_large_changes_stay_apart() -> None:
    """Above the bend a score rises slower and slower; what would have been capped is still told apart."""
    large, larger, largest = (
        msgspec.structs.replace(QUIET, kind="feature", size=lines, platforms=("rocm",), options=("--x",), numerics=numerics)
        for lines, numerics in ((4000, 3), (9000, 3), (9000, 30))
    )  # fmt: skip
    values = [score_importance(each, SCORES).value for each in (large, larger, largest)]
    assert SCORES.importance.bend < values[0] < values[1] < values[2] < 10


def test_formula_names_its_version() -> None:
    """Scores of two versions are not compared."""
    assert score_importance(QUIET, SCORES).formula == f"importance/{SCORES.version}"
    assert score_insight(QUIET, SCORES).formula == f"insight/{SCORES.version}"


@pytest.mark.parametrize(
    ("more", "less"),
    [
        pytest.param(("Support x", a_file(CORE, 300)), ("Support x", a_file(CORE, 30)), id="much logic against little"),
        pytest.param(("Support x", a_file(CORE, 100)), ("Fix x", a_file(CORE, 100)), id="a feature against a fix of the same size"),
        pytest.param(("Support x", a_file(CORE, 100)), ("Remove x", a_file(CORE, 0, 100)), id="written lines against removed ones"),
        pytest.param(("Fix x", a_file(CORE, 5)), ("Add tests", a_file("tests/v1/engine/test_x.py", 500)), id="a small fix of the engine against many tests"),
        pytest.param(("Fix x", a_file(CORE, 5)), ("[Doc] x", a_file("docs/x.md", 900)), id="a small fix against much prose"),
        pytest.param(("Add x", a_file(CORE, 60), a_file("vllm/v1/attention/backend.py", 60)), ("Add x", a_file(CORE, 120)), id="two folders against one"),
        pytest.param(("[Doc] x", a_file(CORE, 0, 0, additions=400)), ("[Doc] x", a_file("docs/x.md", 1)), id="comments alone are never more than prose, never less"),
    ],
)  # fmt: skip
def test_order(more: tuple[object, ...], less: tuple[object, ...]) -> None:
    """What a reviewer would look at first scores at least as high."""
    assert importance(*more) >= importance(*less)  # type: ignore[arg-type]


def parts_of(title: str, *files: FileFact, **more: object) -> dict[str, float]:
    """Return the parts of the importance of a change."""
    found = score_importance(read_signals(facts_of(title, *files, **more), bundled()), SCORES)
    return {part.name: part.value for part in found.parts}


FIELD = {"what": "config-field", "name": "X.y", "change": "added"}
LAYER = "vllm/model_executor/layers/fused_moe/config.py"
CONSUMER = "vllm/v1/worker/gpu_worker.py"
NUMBERS = SCORES.importance


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        pytest.param({"option": (OptionFact(path=CORE, what="cli-flag", name="--x", change="added"),)}, {"option": NUMBERS.option}, id="a setting that comes"),
        pytest.param({"option": (OptionFact(path=CORE, what="cli-flag", name="--x", change="default"),)}, {}, id="one whose default changes brings no capability"),
        pytest.param({"option": (OptionFact(path="vllm/config/scheduler.py", area="config", **FIELD),)}, {"option": NUMBERS.option}, id="a field of the configuration tree"),
        pytest.param({"option": (OptionFact(path=LAYER, area="moe", **FIELD),)}, {}, id="a field of a layer's own class is set by code alone"),
        pytest.param({"module": (ModuleFact(path=CORE, module="vllm.v1.engine.core"),), "imports": (ImportFact(path=CONSUMER, module="vllm.v1.worker.gpu_worker", category="source", change="added", target="vllm.v1.engine.core", name="X"),)}, {"adopters": NUMBERS.adopters}, id="a module that imports it from now on"),
        pytest.param({"module": (ModuleFact(path=CORE, module="vllm.v1.engine.core"),), "imports": (ImportFact(path="tests/test_x.py", module="tests.test_x", category="test", change="added", target="vllm.v1.engine.core", name="X"),)}, {}, id="a test that imports it builds nothing on it"),
        pytest.param({"registry": (RegistryFact(path="vllm/x.py", registry="models", key="X", change="added"),)}, {"adopters": NUMBERS.adopters}, id="a row of a registry"),
        pytest.param({"numeric": (NumericFact(path=CORE, category="source", what="dtype", text="float32", change="added"),)}, {"numerics": NUMBERS.numerics}, id="a place that computes other numbers"),
        pytest.param({"symbols": (a_symbol(CORE, "Old", "removed", kind="class"), a_symbol(CORE, "New", "added", kind="class"))}, {"merged": NUMBERS.merged}, id="a class in the place of another"),
        pytest.param({"symbols": (a_symbol(CORE, "step", "body", code_added=3, runs="per_step"),)}, {"steps": 2 * NUMBERS.steps}, id="lines that run at every step"),
    ],
)  # fmt: skip
def test_roles_are_parts(more: dict[str, object], parts: dict[str, float]) -> None:
    """Each role adds its own part and nothing else."""
    file = a_file(CORE, 3)
    plain, found = parts_of("Fix x", file), parts_of("Fix x", file, **more)
    assert {name: value for name, value in found.items() if plain.get(name) != value} == pytest.approx(parts)


@pytest.mark.parametrize(
    ("name", "core", "parts"),
    [
        pytest.param("tqdm", False, (), id="a helper"),
        pytest.param("xgrammar", True, ("dependency",), id="a core dependency"),
        pytest.param("torch", True, ("dependency", "foundation"), id="what everything is built on"),
        pytest.param("PYTORCH_BRANCH", True, ("dependency", "foundation"), id="the same, pinned in a Dockerfile"),
        pytest.param("BASE_IMAGE", True, ("dependency", "foundation"), id="a base image"),
        pytest.param("torchao", True, ("dependency",), id="a package whose name only begins like it"),
    ],
)  # fmt: skip
def test_dependencies_count_by_what_is_built_on_them(name: str, core: bool, parts: tuple[str, ...]) -> None:
    file = a_file("requirements/cuda.txt", 1, 1)
    moved = DependencyFact(path=file.path, name=name, change="raised", core=core)
    plain = importance("Bump x", file)
    worth = sum(getattr(SCORES.importance, part) for part in parts)
    assert importance("Bump x", file, dependency=(moved,)) == pytest.approx(plain + worth)


def test_dependency_of_a_platform_counts_as_its_logic() -> None:
    """A new ROCm stack matters to that platform though no line of product code changes."""
    path = "docker/Dockerfile.rocm_base"
    file = a_file(path, 2, 2, platforms=("rocm",))
    moved = DependencyFact(path=path, name="BASE_IMAGE", change="moved", core=True, platforms=("rocm",))
    gained = NUMBERS.dependency + NUMBERS.foundation + NUMBERS.platform
    assert importance("[ROCm] Update", file, dependency=(moved,)) == pytest.approx(
        importance("[ROCm] Update", file) + gained
    )


@pytest.mark.parametrize("tag", ["[Misc]", "[Minor]", "[CI][Trivial]", "chore:"])
def test_what_its_author_calls_minor_counts_less(tag: str) -> None:
    file = a_file(CORE, 30)
    assert importance(f"{tag} Fix x", file) < importance("[Core] Fix x", file)


def test_comments_are_read_too() -> None:
    """A reviewer reads every added line."""
    short, long = (parts_of("Fix x", a_file(CORE, 30, additions=lines)) for lines in (30, 90))
    assert long["size"] - short["size"] == pytest.approx(NUMBERS.size * math.log2(91 / 31), abs=0.01)


def test_moved_code_is_discounted() -> None:
    """Two hundred lines carried to another file are not two hundred lines written."""
    files = (a_file(CORE, 200), a_file("vllm/v1/engine/utils.py", 0, 200))
    moved = tuple(a_symbol(CORE, f"f{n}", "moved", code_added=50) for n in range(4))
    written = tuple(a_symbol(CORE, f"f{n}", "added", code_added=50) for n in range(4))
    assert insight(*files, symbols=moved) < insight(*files, symbols=written)
    carried = msgspec.structs.replace(files[0], change_type="rename-or-move")
    assert importance("Support x", carried) < importance("Support x", files[0])


def insight(*files: FileFact, body: str | None = None, symbols: tuple[SymbolFact, ...] = ()) -> float:
    """Return the insight of a change of these files."""
    facts = facts_of("Refactor x", *files, body=body, symbols=symbols)
    return score_insight(read_signals(facts, bundled()), SCORES).value


def test_description_and_rework_add_insight() -> None:
    """A design replaced, with its reasons, teaches more than the same lines alone."""
    assert insight(a_file(CORE, 200), body="why " * 400) > insight(a_file(CORE, 200))
    assert insight(a_file(CORE, 200, 180)) > insight(a_file(CORE, 200, 3))


def test_change_of_nothing_scores_its_kind_alone() -> None:
    found = score_importance(read_signals(facts_of("x"), bundled()), SCORES)
    assert [part.name for part in found.parts] == ["kind"]
