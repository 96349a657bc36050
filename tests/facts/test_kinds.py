"""The kind of a change, from its title, labels and diff."""

from __future__ import annotations

import re

import pytest

from diffscope.facts.classify.classify import classify_change
from diffscope.facts.model import FileFact, RegistryFact
from diffscope.messages.say import sentence
from tests.said import sentences
from tests.taxonomies import a_file, a_pull, a_symbol, bundled

CORE = a_file("vllm/v1/engine/core.py", 40, 5)
TEST = a_file("tests/v1/engine/test_engine_core.py", 60)
DOCS = a_file("docs/features/lora.md", 12)
PIPELINE = a_file(".buildkite/test_areas/engine.yaml", 8)
DOCKER = a_file("docker/Dockerfile", 6, 4)


def kind_of(title: str, *files: FileFact, **fields: object) -> str:
    """Return the kind of a change of these files."""
    return classify_change(a_pull(title, **fields), files, (), bundled()).kind


@pytest.mark.parametrize(
    ("title", "files", "kind"),
    [
        pytest.param("[Bugfix] Support x in y", (CORE,), "bugfix", id="a tag beats the verb"),
        pytest.param("Fix crash when x is None", (CORE,), "bugfix", id="a verb alone decides"),
        pytest.param("[Bugfix] Add support for x", (CORE,), "bugfix", id="a tag beats verb and words together"),
        pytest.param("[Perf] Add a packed fast path", (CORE,), "performance", id="[Perf] on what is added for it"),
        pytest.param("[CI Failure] Pin the revision", (TEST,), "test", id="[CI Failure] says where: on tests it is a test change"),
        pytest.param("[BugFix][Perf] Fix slow path", (CORE,), "bugfix", id="of two tags the verb decides"),
        pytest.param("fix(lmcache): correct store for cached requests", (CORE,), "bugfix", id="a conventional prefix is a tag"),
        pytest.param("[CI] Fix conch kernel crash", (CORE, TEST), "bugfix", id="[CI] on product code that it fixes"),
        pytest.param("Fix failing kernel tests on gfx950", (a_file("vllm/v1/engine/core.py", 9), a_file("tests/kernels/test_x.py", 200)), "bugfix", id="a small fix with much test"),
        pytest.param("[Feature] Add option", (CORE,), "feature", id="a feature by tag and verb"),
        pytest.param("Support FP8 in x", (CORE,), "feature", id="a feature by verb"),
        pytest.param("[Perf] Avoid sync in x", (CORE,), "performance", id="performance by tag against the verb"),
        pytest.param("Optimize x for throughput", (CORE,), "performance", id="performance by verb and word"),
        pytest.param("[Refactor] Add base class", (CORE,), "refactor", id="a refactoring that adds"),
        pytest.param("Remove unused x", (CORE,), "refactor", id="a removal"),
        pytest.param("Move x to y", (CORE,), "refactor", id="a move"),
        pytest.param('Revert "[Bugfix] Fix x"', (CORE,), "revert", id="a revert of a fix is a revert"),
        pytest.param("[Revert] Remove x", (CORE,), "revert", id="a revert by tag"),
        pytest.param("[Doc] Fix typo", (DOCS,), "docs", id="documentation that is fixed is documentation"),
        pytest.param("Update x", (DOCS,), "docs", id="documentation by its files alone"),
        pytest.param("[CI] Fix flaky x", (TEST,), "test", id="a flaky test is a test change"),
        pytest.param("Add regression tests", (TEST,), "test", id="tests by files and words"),
        pytest.param("[CI] Split x into three jobs", (PIPELINE,), "ci", id="a pipeline"),
        pytest.param("[ROCm][CI/Build] ROCm 7.2.1 release version", (DOCKER,), "build", id="an image"),
        pytest.param("Bump x to 1.2", (a_file("requirements/common.txt", 1, 1),), "build", id="a requirement"),
        pytest.param("[Docs] Document the risks", (a_file("vllm/v1/engine/core.py", 5),), "docs", id="a tag of documentation is better than none on a line of code"),
        pytest.param("[CI] Bump the type checker", (a_file("vllm/v1/engine/core.py", 70, 60),), "refactor", id="much rewritten code is no pipeline, whatever the tag"),
        pytest.param("Zzz", (CORE,), "refactor", id="a title that says nothing on a small edit claims no fix"),
        pytest.param("Zzz", (a_file("vllm/v1/engine/core.py", 200),), "feature", id="a title that says nothing on much new code"),
        pytest.param("Zzz", (a_file("vllm/v1/engine/core.py", 2, 90),), "refactor", id="a title that says nothing on a removal"),
        pytest.param("", (), "refactor", id="no title and no files still has a kind"),
        pytest.param("[Bugfix] Fix x tests", (TEST,), "test", id="a fix of tests alone is a test change"),
        pytest.param("[Bugfix] Fix x", (CORE, TEST), "bugfix", id="a fix of code with its test stays a fix"),
        pytest.param("Fix state names in pause()", (a_file("vllm/v1/engine/core.py", 0, additions=2, deletions=2),), "docs", id="comments of product code are documentation"),
        pytest.param("[Bugfix] Fix x", (DOCKER,), "bugfix", id="a fix of an image stays a fix"),
        pytest.param("[MoE Refactor] Add parallel tests to x", (a_file("vllm/v1/engine/core.py", 9), a_file("tests/v1/engine/test_x.py", 200)), "test", id="tests that the title adds beside a little code"),
        pytest.param("[CI/Build] Bump x to v2", (DOCKER, a_file("vllm/v1/engine/core.py", 30, 20)), "build", id="a bump that adapts code is a bump"),
        pytest.param("Bump x in y", (CORE,), "refactor", id="a bump without a file of the build is none"),
        pytest.param("[Bugfix][Perf] Add x support", (a_file("vllm/v1/engine/core.py", 400),), "performance", id="much new code under two tags is more than a fix"),
        pytest.param("[Bugfix][Performance Improvement] Improve performance of x", (CORE,), "performance", id="a tag of two words is one tag"),
        pytest.param("[PD] Change x Default from 'recompute' to 'fail'", (CORE,), "feature", id="a quoted value says nothing"),
        pytest.param("Use `fail_fast` and skip_errors in x", (CORE,), "refactor", id="nor does a name of the code"),
        pytest.param("Add structure to `requirements/`", (DOCKER,), "build", id="but it says where"),
        pytest.param("Turn on fusion by default", (CORE,), "feature", id="what is turned on was not there"),
        pytest.param("Return 422 instead of 500 for x", (CORE,), "bugfix", id="another status is a fix"),
        pytest.param("[CI] Enable mypy for x", (CORE,), "refactor", id="types that are checked"),
        pytest.param("Record the last use of x", (a_file("vllm/v1/engine/core.py", 2), a_file("tests/v1/engine/test_x.py", 200)), "refactor", id="many lines of tests do not make a change one of tests"),
        pytest.param("[Bugfix] Skip x where y has none", (a_file("vllm/v1/engine/core.py", 9), a_file("tests/v1/engine/test_x.py", 80)), "bugfix", id="code that skips something is no test"),
        pytest.param("Add unit tests and minor fixes for x", (a_file("vllm/v1/engine/core.py", 9), a_file("tests/v1/engine/test_x.py", 500)), "test", id="but tests that the title names do, beside next to no code"),
        pytest.param("[Docs] Fix builds of x", (a_file("csrc/cpu/x.cpp", 25), a_file("docker/Dockerfile", 56), a_file("docs/x.md", 24)), "bugfix", id="documentation beside as much code is the lesser part"),
        pytest.param("Skip x on y", (TEST,), "test", id="a test that is skipped is one"),
        pytest.param("[CI] Harden x", (a_file("vllm/v1/engine/core.py", 80), a_file("tests/v1/engine/test_x.py", 900)), "feature", id="sixty lines of code are more than a pipeline, whatever stands beside them"),
        pytest.param("Widen the range of x", (CORE,), "feature", id="what is widened serves more"),
    ],
)  # fmt: skip
def test_kind(title: str, files: tuple[FileFact, ...], kind: str) -> None:
    assert kind_of(title, *files) == kind


MODEL = a_file("vllm/model_executor/models/newmodel.py", 400, status="added")
KERNEL = a_file("vllm/models/newmodel/nvidia/ops/fused.py", 400, status="added")
REGISTRY, SUPPORTED = "vllm/model_executor/models/registry.py", "docs/models/supported_models.md"


def a_row(
    key: str = "NewForCausalLM",
    change: str = "added",
    target: str = "newmodel.NewForCausalLM",
    registry: str = "models",
) -> RegistryFact:
    """Return a row of a registry that came, went or changed."""
    return RegistryFact(
        path=REGISTRY,
        line=1,
        area="models",
        category="source",
        registry=registry,
        key=key,
        change=change,
        target=target,
    )


@pytest.mark.parametrize(
    ("title", "files", "rows", "kind"),
    [
        pytest.param("Add NewModel support", (MODEL, a_file(REGISTRY, 1)), (a_row(),), "model", id="a row more in the registry decides against the verb of a feature"),
        pytest.param("[Bugfix] Fix NewModel loading", (a_file("vllm/model_executor/models/newmodel.py", 4), a_file(REGISTRY, 1)), (a_row(),), "bugfix", id="but not against a fix"),
        pytest.param("Add a fused kernel to NewModel", (KERNEL,), (), "feature", id="a kernel in a model's folder is no model"),
        pytest.param("Add a fusion to the Transformers backend", (MODEL,), (), "feature", id="nor is a new module among models"),
        pytest.param("[New Model] Add NewModel", (MODEL,), (), "feature", id="nor what the title calls a model without a row"),
        pytest.param("Add a backend", (MODEL,), (a_row(registry="attention backends"),), "feature", id="nor a row of another registry"),
        pytest.param("[Model] Enable X", (a_file(REGISTRY, 9),), (), "feature", id="nor code in the registry's file that is no row"),
        pytest.param("[Model] Enable X", (a_file(REGISTRY, 1, 1),), (a_row("NewForCausal", "removed"), a_row()), "feature", id="nor a row under another key"),
        pytest.param("Remove OldModel", (a_file(REGISTRY, 1, 1),), (a_row("Old", "removed", "old.Old"), a_row("Old", target="0.18.0")), "refactor", id="nor a row that says until when there was one"),
        pytest.param("[Cohere] Enable X", (a_file(REGISTRY, 2, 2), a_file(SUPPORTED, 1)), (a_row(change="changed"),), "model", id="a changed row of the registry and one more of the list"),
        pytest.param("[Cohere] Enable X", (a_file(REGISTRY, 2, 2),), (a_row(change="changed"),), "feature", id="the registry alone changes rows for other reasons"),
        pytest.param("[Cohere] Enable X", (a_file("vllm/model_executor/models/qwen3.py", 9, 2), a_file(SUPPORTED, 1)), (), "feature", id="a model that was there before"),
        pytest.param("[Cohere] Enable X", (a_file(REGISTRY, 2, 2), a_file(SUPPORTED, 1, 1)), (a_row(change="changed"),), "feature", id="a row of the list that was only edited"),
    ],
)  # fmt: skip
def test_a_model_is_one_by_its_row_of_the_registry(
    title: str, files: tuple[FileFact, ...], rows: tuple[RegistryFact, ...], kind: str
) -> None:
    assert classify_change(a_pull(title), files, (), bundled(), registries=rows).kind == kind


@pytest.mark.parametrize(
    ("aspect", "kind"),
    [
        pytest.param("docstring", "docs", id="a docstring is documentation"),
        pytest.param("annotation", "refactor", id="an annotation is none"),
        pytest.param("message", "refactor", id="nor is what is logged"),
    ],
)
def test_what_product_files_say_besides_code(aspect: str, kind: str) -> None:
    path = "vllm/v1/engine/core.py"
    file = a_file(path, 0, additions=2, deletions=2, logic=False)
    changed = (a_symbol(path, "EngineCore.run", aspect, logic=False),)
    assert classify_change(a_pull("Zzz"), (file,), changed, bundled()).kind == kind


def test_label_speaks_where_the_title_does_not() -> None:
    assert kind_of("Zzz", a_file("vllm/v1/engine/core.py", 200), labels=("bug",)) == "bugfix"


@pytest.mark.parametrize(
    ("title", "told"),
    [
        pytest.param("Zzz", False, id="the shape of the diff is a guess"),
        pytest.param("Fix Zzz", True, id="a word of the title tells"),
        pytest.param("[Perf] Zzz", True, id="a tag tells"),
    ],
)
def test_kind_is_told_or_guessed(title: str, *, told: bool) -> None:
    assert classify_change(a_pull(title), (CORE,), (), bundled()).kind_told is told


def test_reason_names_what_decided() -> None:
    fact = classify_change(a_pull("[Bugfix] Fix crash"), (CORE,), (), bundled())
    assert sentences(fact.kind_reasons) == (
        "title tag [bugfix], title begins with 'fix', words of the title say bugfix"
    )
    assert sentence(fact.kind_reasons[2]).zh == "标题用词表明是缺陷修复"


@pytest.mark.parametrize("title", ["Zzz", "Add tests", "[CI] Skip x", "[Doc] x", 'Revert "x"', "Bump x"])
@pytest.mark.parametrize("file", [CORE, TEST, DOCS, PIPELINE, DOCKER], ids=lambda file: file.category)
def test_every_reason_is_said_in_chinese_too(title: str, file: FileFact) -> None:
    fact = classify_change(a_pull(title), (file,), (), bundled())
    assert fact.kind_reasons
    assert all(re.search(r"[\u4e00-\u9fff]", sentence(each).zh) for each in fact.kind_reasons)


def test_new_public_symbols_tip_the_balance() -> None:
    """A title that says nothing, ten lines: what was added decides."""
    added = a_symbol("vllm/v1/engine/core.py", "EngineCore.pause", "added")
    small = a_file("vllm/v1/engine/core.py", 10)
    assert classify_change(a_pull("Zzz"), (small,), (), bundled()).kind == "refactor"
    assert classify_change(a_pull("Zzz"), (small,), (added,), bundled()).kind == "feature"


def test_a_new_option_is_a_feature_where_the_title_says_nothing() -> None:
    """It is seen in the diff and no guess by its size; beside a title that says fix it decides nothing."""
    field = a_symbol("vllm/config/pool.py", "PoolConfig.step", aspects=("added",), kind="variable")
    file = a_file("vllm/config/pool.py", 4)
    found = classify_change(a_pull("Zzz the step"), (file,), (field,), bundled())
    assert (found.kind, [one.code for one in found.kind_reasons]) == ("feature", ["shape.adds-option"])
    assert classify_change(a_pull("[Bugfix] Zzz"), (file,), (field,), bundled()).kind == "bugfix"
