"""Importance and insight: sums of parts, and what must weigh more than what."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.assessment.scores import score_importance, score_insight
from diffscope.assessment.signals import Signals, read_signals
from diffscope.facts.classify.classify import classify_change
from diffscope.facts.model import ChangeFacts, DependencyFact, FileFact, OptionFact, SymbolFact
from diffscope.rules.model import Flag, Severity
from tests.assessments import a_flag
from tests.taxonomies import a_file, a_pull, a_symbol, bundled

SCORES = bundled().tables.scores
CORE = "vllm/v1/engine/core.py"
QUIET = Signals(
    kind="bugfix", size=0, logic=0, written=0, removed=0, centre=0, branches=0, symbols=0, modules=0, areas=(), surfaces=(), options=0, new_options=0, native=0, tests=0,
    platforms=(), for_platform=False, grave=(), dependencies=(), foundations=(), infrastructure=0, only_models=False, minor=False, flags=(), words=0,
)  # fmt: skip


def facts_of(
    title: str, *files: FileFact, symbols: tuple[SymbolFact, ...] = (), **more: object
) -> ChangeFacts:
    """Return the facts of a change of these files."""
    pull = a_pull(title, body=more.pop("body", None))
    return ChangeFacts(
        pull=pull, change=classify_change(pull, files, symbols, bundled()), file=files, symbol=symbols, **more
    )  # type: ignore[arg-type]


def importance(title: str, *files: FileFact, flags: tuple[Flag, ...] = (), **more: object) -> float:
    """Return the importance of a change of these files."""
    return score_importance(read_signals(facts_of(title, *files, **more), flags, bundled()), SCORES).value


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
    surfaces=st.sampled_from([(), ("LLM",), ("LLM", "config", "engine")]),
    options=st.integers(0, 9),
    new_options=st.integers(0, 9),
    native=st.integers(0, 10**5),
    tests=st.integers(0, 10**5),
    platforms=st.sampled_from([(), ("rocm",)]),
    for_platform=st.booleans(),
    grave=st.sampled_from([(), ("crash",)]),
    dependencies=st.sampled_from([(), ("torch",)]),
    foundations=st.sampled_from([(), ("torch",)]),
    infrastructure=st.integers(0, 10**5),
    only_models=st.booleans(),
    minor=st.booleans(),
    flags=st.lists(st.sampled_from(list(Severity)), max_size=12).map(
        lambda severities: tuple(a_flag(severity=severity) for severity in severities)
    ),
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
    assert all(part.name == "flags" or re.search(r"[\u4e00-\u9fff]", part.why.zh) for part in found.parts)
    assert len({part.name for part in found.parts}) == len(found.parts)


@pytest.mark.parametrize(
    "field",
    [
        "size",
        "logic",
        "centre",
        "branches",
        "symbols",
        "modules",
        "options",
        "new_options",
        "native",
        "tests",
    ],
    ids=lambda name: f"more {name}",
)
@given(signals=SIGNALS)
def test_more_never_makes_a_change_less_important(field: str, signals: Signals) -> None:
    """The score grows with each signal, or stays."""
    value = getattr(signals, field)
    more = msgspec.structs.replace(
        signals, **{field: min(value * 2 + 1, 1) if field == "centre" else value * 2 + 1}
    )
    if field == "logic" and not signals.logic:
        return  # Build lines count only where no logic changed.
    assert score_importance(more, SCORES).value >= score_importance(signals, SCORES).value


def test_large_changes_stay_apart() -> None:
    """Above the bend a score rises slower and slower; what would have been capped is still told apart."""
    areas = ("engine", "moe", "attention", "lora")
    large, larger, largest = (
        msgspec.structs.replace(
            QUIET, kind="feature", size=lines, logic=lines, centre=1, branches=40, areas=areas, options=2, new_options=2, native=native, symbols=9
        )
        for lines, native in ((300, 0), (900, 0), (900, 900))
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
        pytest.param(("Support x", a_file(CORE, 120)), ("Support x", a_file("vllm/model_executor/models/qwen3.py", 120)), id="the engine against one model"),
        pytest.param(("Support x", a_file(CORE, 300)), ("Support x", a_file(CORE, 30)), id="much logic against little"),
        pytest.param(("Support x", a_file(CORE, 100)), ("Fix x", a_file(CORE, 100)), id="a feature against a fix of the same size"),
        pytest.param(("Support x", a_file(CORE, 100)), ("Remove x", a_file(CORE, 0, 100)), id="written lines against removed ones"),
        pytest.param(("Fix x", a_file(CORE, 5)), ("Add tests", a_file("tests/v1/engine/test_x.py", 500)), id="a small fix of the engine against many tests"),
        pytest.param(("Fix x", a_file(CORE, 5)), ("[Doc] x", a_file("docs/x.md", 900)), id="a small fix against much prose"),
        pytest.param(("Add x", a_file(CORE, 60), a_file("vllm/v1/attention/backend.py", 60)), ("Add x", a_file(CORE, 120)), id="two areas against one"),
        pytest.param(("[Doc] x", a_file(CORE, 0, 0, additions=400)), ("[Doc] x", a_file("docs/x.md", 1)), id="comments alone are never more than prose, never less"),
    ],
)  # fmt: skip
def test_order(more: tuple[object, ...], less: tuple[object, ...]) -> None:
    """What a reviewer would look at first scores at least as high."""
    assert importance(*more) >= importance(*less)  # type: ignore[arg-type]


def test_flags_raise_importance_up_to_their_cap() -> None:
    file = a_file(CORE, 50)
    plain = importance("Fix x", file)
    flagged = importance("Fix x", file, flags=(a_flag(severity=Severity.HIGH),))
    many = importance(
        "Fix x", file, flags=tuple(a_flag(f"CP10{n}", severity=Severity.CRITICAL) for n in range(9))
    )
    assert plain < flagged < many <= round(plain + SCORES.importance.flags_most, 2)


def test_settings_count_and_new_ones_more() -> None:
    file = a_file(CORE, 3)
    plain, numbers = importance("Fix x", file), SCORES.importance
    changed = OptionFact(path=CORE, what="cli-flag", name="--x", change="default")
    new = OptionFact(path=CORE, what="cli-flag", name="--x", change="added")
    assert importance("Fix x", file, option=(changed,)) == pytest.approx(plain + numbers.option)
    assert importance("Fix x", file, option=(new,)) == pytest.approx(
        plain + numbers.option + numbers.new_option
    )


@pytest.mark.parametrize(
    ("path", "area", "counts"),
    [
        pytest.param("vllm/config/scheduler.py", "config", True, id="the configuration tree"),
        pytest.param(
            "vllm/model_executor/layers/fused_moe/config.py", "moe", False, id="a layer's own class"
        ),
    ],
)
def test_fields_count_where_a_user_can_set_them(path: str, area: str, counts: bool) -> None:
    file = a_file(CORE, 3)
    field = OptionFact(path=path, area=area, what="config-field", name="X.y", change="added")
    gained = SCORES.importance.option + SCORES.importance.new_option if counts else 0
    assert importance("Fix x", file, option=(field,)) == pytest.approx(importance("Fix x", file) + gained)


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
    numbers = SCORES.importance
    gained = numbers.dependency + numbers.foundation + numbers.platform + numbers.for_platform
    assert importance("[ROCm] Update", file, dependency=(moved,)) == pytest.approx(
        importance("[ROCm] Update", file) + gained
    )


@pytest.mark.parametrize("tag", ["[Misc]", "[Minor]", "[CI][Trivial]", "chore:"])
def test_what_its_author_calls_minor_counts_less(tag: str) -> None:
    file = a_file(CORE, 30)
    assert importance(f"{tag} Fix x", file) < importance("[Core] Fix x", file)


def test_comments_in_changed_files_add_to_the_size_alone() -> None:
    """A reviewer reads every added line; only code counts by its place."""
    found = [
        score_importance(
            read_signals(facts_of("Fix x", a_file(CORE, 30, additions=lines)), (), bundled()), SCORES
        )
        for lines in (30, 90)
    ]
    short, long = ({part.name: part.value for part in each.parts} for each in found)
    assert short["size"] < long["size"]
    assert short["logic"] == long["logic"]


def test_moved_code_is_discounted() -> None:
    """Two hundred lines carried to another file are not two hundred lines written."""
    files = (a_file(CORE, 200), a_file("vllm/v1/engine/utils.py", 0, 200))
    moved = tuple(a_symbol(CORE, f"f{n}", "moved", code_added=50) for n in range(4))
    written = tuple(a_symbol(CORE, f"f{n}", "added", code_added=50) for n in range(4))
    assert importance("Support x", *files, symbols=moved) < importance("Support x", *files, symbols=written)


def test_description_and_rework_add_insight() -> None:
    """A design replaced, with its reasons, teaches more than the same lines alone."""

    def insight(*files: FileFact, body: str | None = None) -> float:
        return score_insight(
            read_signals(facts_of("Refactor x", *files, body=body), (), bundled()), SCORES
        ).value

    assert insight(a_file(CORE, 200), body="why " * 400) > insight(a_file(CORE, 200))
    assert insight(a_file(CORE, 200, 180)) > insight(a_file(CORE, 200, 3))


def test_change_of_nothing_scores_its_kind_alone() -> None:
    found = score_importance(read_signals(facts_of("x"), (), bundled()), SCORES)
    assert [part.name for part in found.parts] == ["kind"]
