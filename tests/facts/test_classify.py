"""The change as a whole: counts, tags, and what must never change the answer."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from diffscope.facts.classify.classify import classify_change
from diffscope.facts.model import ChangeFact, FileFact, RegistryFact, SymbolFact
from tests.examples import any_text
from tests.taxonomies import a_file, a_pull, a_symbol, bundled

CORE = "vllm/v1/engine/core.py"


def classified(
    title: str, *files: FileFact, symbols: tuple[SymbolFact, ...] = (), **fields: object
) -> ChangeFact:
    """Return the fact of a change."""
    return classify_change(a_pull(title, **fields), files, symbols, bundled())


@pytest.mark.parametrize(
    ("title", "files", "present", "absent"),
    [
        pytest.param("[Bugfix] Fix x", (a_file(CORE),), {"bugfix", "v1"}, {"feature", "test"}, id="kind and path"),
        pytest.param("[CI] Fix x in the pipeline", (a_file(".buildkite/x.yaml"),), {"ci/build", "bugfix"}, {"v1"}, id="a fix of the pipeline is tagged as both"),
        pytest.param("Add x", (a_file("vllm/entrypoints/openai/api_server.py"),), {"feature", "frontend"}, {"bugfix"}, id="an area of its own"),
        pytest.param("Add x", (a_file("vllm/v1/engine/core.py", 900), a_file("vllm/entrypoints/openai/api_server.py", 1)), {"feature"}, {"frontend"}, id="a touch of an area is no tag"),
        pytest.param("[ROCm] Add x", (a_file(CORE),), {"rocm"}, {"nvidia"}, id="a platform by title"),
        pytest.param("Add x", (a_file("vllm/platforms/xpu.py"),), {"intel-gpu"}, {"rocm"}, id="a platform by file"),
        pytest.param("Quantize x", (a_file(CORE),), {"quantization"}, set(), id="a word of the title"),
        pytest.param("x", (a_file("vllm/model_executor/models/registry.py", 1),), set(), {"new-model"}, id="code beside the rows of the registry is no model"),
        pytest.param("Fix x", (a_file("csrc/moe/topk_softmax.cu", 9),), {"moe", "kernel"}, set(), id="a CUDA file is a kernel"),
        pytest.param("Fix x", (a_file("vllm/model_executor/layers/fused_moe/layer.py", 9),), {"moe"}, {"kernel"}, id="a layer is none"),
        pytest.param("Fix x", (a_file(CORE, 40, 40),), {"bugfix", "refactor"}, set(), id="a fix that rewrites is tagged as both"),
        pytest.param("Fix x", (a_file(CORE), a_file("tests/test_x.py", 10)), {"test"}, set(), id="a fix that brings a test"),
        pytest.param("Fix x", (a_file(CORE), a_file("tests/test_x.py", 1, 10)), {"bugfix"}, {"test"}, id="a fix that cuts a test brings none"),
        pytest.param("x", (a_file("README.md"),), {"documentation"}, {"feature"}, id="prose"),
    ],
)  # fmt: skip
def test_tags(title: str, files: tuple[FileFact, ...], present: set[str], absent: set[str]) -> None:
    tags = set(classified(title, *files).tags)
    assert present <= tags
    assert not absent & tags


def test_a_registered_model_is_tagged() -> None:
    path = "vllm/model_executor/models/registry.py"
    row = RegistryFact(
        path=path,
        line=1,
        area="models",
        category="source",
        registry="models",
        key="New",
        change="added",
        target="new.New",
    )
    fact = classify_change(a_pull("x"), (a_file(path, 1),), (), bundled(), registries=(row,))
    assert "new-model" in fact.tags


def test_counts() -> None:
    """Lines of product code, tests and symbols are counted apart."""
    symbols = (
        a_symbol(CORE, "EngineCore.step", branches_added=2),
        a_symbol(CORE, "EngineCore.pause", "added", branches_added=1),
        a_symbol(CORE, "EngineCore._secret", "added"),
        a_symbol(CORE, "EngineCore.words", "docstring", logic=False),
        a_symbol("tests/v1/engine/test_x.py", "test_pause", "added"),
    )
    fact = classified(
        "x",
        a_file(CORE, 30, 7),
        a_file("csrc/moe/topk.cu", 10),
        a_file("tests/v1/engine/test_x.py", 50),
        a_file("tests/v1/engine/test_old.py", 0, 50, status="deleted"),
        a_file("tests/v1/engine/test_less.py", 0, 40),
        a_file("vllm/tokenizers/hf.py", 0, 0),
        symbols=symbols,
    )
    assert (fact.files, fact.source_files, fact.test_files) == (6, 2, 1)
    assert (fact.code_added, fact.code_removed, fact.test_code_added) == (40, 7, 50)
    assert (fact.logic_symbols, fact.public_symbols_added, fact.branches_added) == (3, 1, 3)
    assert not fact.cosmetic


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param((a_file(CORE, 0, 0),), True, id="a source file without logic"),
        pytest.param((a_file("docs/x.md", 40),), True, id="prose, however much"),
        pytest.param((a_file(CORE, 0, 0), a_file("tests/test_x.py", 3)), False, id="a test changed"),
        pytest.param((a_file("docker/Dockerfile", 1),), False, id="a build file changed"),
        pytest.param((a_file(CORE, 3, logic=UNSET),), False, id="whether logic changed is not known"),
        pytest.param((), True, id="nothing changed"),
    ],
)
def test_cosmetic(files: tuple[FileFact, ...], *, expected: bool) -> None:
    assert classified("x", *files).cosmetic is expected


def test_labels_are_unknown_where_the_source_does_not_tell() -> None:
    assert classified("x", a_file(CORE)).labels is UNSET
    assert classified("x", a_file(CORE), labels=()).labels == ()


def test_patch_alone_is_classified() -> None:
    """No syntax: no symbols, no logic known, lines only. Everything degrades and nothing raises."""
    file = a_file(CORE, 0, 0, logic=UNSET, additions=30, deletions=4)
    fact = classified("[Bugfix] Fix x", file)
    assert (fact.kind, fact.areas, fact.logic_areas, fact.cosmetic) == (
        "bugfix",
        ("engine",),
        ("engine",),
        False,
    )


CHANGES = st.lists(
    st.builds(
        a_file,
        st.sampled_from(
            (
                CORE,
                "vllm/lora/layers/base.py",
                "tests/lora/test_x.py",
                "docs/x.md",
                "csrc/x.cu",
                "docker/Dockerfile.rocm",
            )
        ),
        st.integers(0, 400),
        st.integers(0, 400),
    ),
    max_size=6,
    unique_by=lambda file: file.path,
)
SYMBOLS = st.lists(
    st.builds(
        a_symbol,
        st.just(CORE),
        st.sampled_from(["A", "A.f", "A._g", "h"]),
        st.sampled_from(["added", "body", "moved"]),
    ),
    max_size=5,
)


@given(CHANGES, SYMBOLS, st.randoms(use_true_random=False))
def test_order_changes_nothing(
    files: list[FileFact], symbols: list[SymbolFact], chance: random.Random
) -> None:
    mixed, shuffled = list(files), list(symbols)
    chance.shuffle(mixed)
    chance.shuffle(shuffled)
    assert classified("x", *mixed, symbols=tuple(shuffled)) == classified("x", *files, symbols=tuple(symbols))


@given(any_text(max_size=120), CHANGES)
def test_any_title_gives_one_known_kind(title: str, files: list[FileFact]) -> None:
    kinds = {rule.name for rule in bundled().tables.kinds.kinds}
    fact = classified(title, *files)
    assert fact.kind in kinds
    assert fact.kind_reasons
