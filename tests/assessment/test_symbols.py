"""Symbols of an assessment: what changed, whatever its language, then what is called; and the ones to look at first."""

from __future__ import annotations

from diffscope.assessment.files import assess_symbols, key_symbols
from diffscope.facts.model import (
    DependencyFact,
    Mention,
    NativeFact,
    OperatorFact,
    OptionFact,
    ParameterFact,
    RegistryFact,
)
from tests.assessment.test_scores import facts_of
from tests.taxonomies import a_file, a_symbol

CORE = "vllm/v1/engine/core.py"
KERNEL = "csrc/moe/topk.cu"


def native(name: str, change: str = "body", **more: object) -> NativeFact:
    """Return the fact of a native function."""
    return NativeFact(path=KERNEL, line=3, symbol=name, change=change, category="native", **more)  # type: ignore[arg-type]


def test_every_language_has_its_symbols() -> None:
    """Kernels, operators, flags and variables are looked up by name as functions are; fields stand as variables of their class already."""
    facts = facts_of(
        "Add x",
        a_file(CORE),
        symbols=(a_symbol(CORE, "EngineCore.step"),),
        native=(native("topk", is_kernel=True), native("helper", "moved")),
        operator=(OperatorFact(path="csrc/torch_bindings.cpp", line=9, name="_C::topk", change="added"),),
        option=(
            OptionFact(
                path="vllm/envs.py", line=7, what="environment-variable", name="VLLM_X", change="added"
            ),
            OptionFact(path="vllm/config/x.py", line=2, what="config-field", name="X.y", change="added"),
        ),
    )
    found = [(one.name, one.kind, one.aspects, one.logic) for one in assess_symbols(facts)]
    assert found == [
        ("helper", "function", ("moved",), False),
        ("topk", "kernel", ("body",), True),
        ("_C::topk", "operator", ("added",), True),
        ("VLLM_X", "environment-variable", ("added",), True),
        ("EngineCore.step", "method", ("body",), True),
    ]


def test_parameters_rows_and_dependencies_are_looked_up_too() -> None:
    """A parameter that only changed its place or its annotation is not."""
    facts = facts_of(
        "Add x",
        a_file(CORE),
        parameter=(
            ParameterFact(path=CORE, line=5, symbol="EngineCore.step", what="added-required", name="budget"),
            ParameterFact(path=CORE, line=5, symbol="EngineCore.step", what="moved", name="scheduler"),
        ),
        registry=(
            RegistryFact(
                path="vllm/models/registry.py", line=3, registry="models", key="QwenForX", change="added"
            ),
        ),
        dependency=(DependencyFact(path="docker/Dockerfile", line=2, name="TORCH_BRANCH", change="raised"),),
    )
    found = [(one.name, one.kind, one.aspects) for one in assess_symbols(facts)]
    assert found == [
        ("TORCH_BRANCH", "dependency", ("raised",)),
        ("QwenForX", "registry-row", ("added",)),
        ("EngineCore.step.budget", "parameter", ("added-required",)),
    ]


def test_what_is_only_called_stands_last_and_changed_nothing() -> None:
    """A definition inside a function did change; a function that is called anew did not."""
    facts = facts_of(
        "Fix x",
        a_file(CORE),
        symbols=(a_symbol(CORE, "f", line=40),),
        mention=(
            Mention(path=CORE, line=9, name="get", kind="function", aspect="called"),
            Mention(path=CORE, line=41, name="f.inner", kind="function", aspect="added"),
        ),
    )
    found = [(one.name, one.aspects, one.logic) for one in assess_symbols(facts)]
    assert found == [("f", ("body",), True), ("f.inner", ("added",), True), ("get", ("called",), False)]


def test_key_symbols_are_changed_logic_largest_first() -> None:
    symbols = (
        a_symbol(CORE, "small", code_added=1),
        a_symbol(CORE, "_private", code_added=20),
        a_symbol(CORE, "large", code_added=40),
        a_symbol(CORE, "only_words", "docstring", logic=False, code_added=90),
        a_symbol(CORE, "<module>", "body", kind="module", code_added=99),
    )
    assert key_symbols(symbols) == ("large", "_private", "small", "only_words")


def test_key_symbols_of_native_code_are_its_functions() -> None:
    """What only moved comes last."""
    natives = (
        native("small", code_added=2),
        native("carried", "moved", code_added=90),
        native("large", code_added=30),
    )
    assert key_symbols((), natives) == ("large", "small", "carried")


def test_key_symbols_are_few() -> None:
    assert len(key_symbols(a_symbol(CORE, f"f{n}") for n in range(50))) == 8


def test_items_of_rust_are_symbols_and_what_python_hosts_is_one_once() -> None:
    """A struct is called a struct; a kernel in a Python file is among the symbols of that file already."""
    rust = NativeFact(
        path="rust/src/a.rs",
        line=4,
        symbol="Config",
        change="added",
        category="source",
        language="rust",
        item="struct",
    )
    hosted = NativeFact(
        path="vllm/k.py",
        line=4,
        symbol="add",
        change="body",
        category="source",
        language="triton",
        is_kernel=True,
    )
    found = assess_symbols(facts_of("Add x", a_file(CORE), native=(rust, hosted)))
    assert [(one.path, one.name, one.kind) for one in found if one.path in (rust.path, hosted.path)] == [
        ("rust/src/a.rs", "Config", "struct")
    ]
