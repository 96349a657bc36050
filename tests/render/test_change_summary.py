"""What a change does, told in names."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.render.change_summary import clauses_of
from tests.assessments import an_assessment

A_CLASS = (("class", ""), ("method", ".id"), ("method", ".keys"), ("method", ".size"))
SOURCE, TEST = "vllm/v1/core/sched/scheduler.py", "tests/v1/core/test_scheduler.py"


def a_change(*symbols: tuple[str, str, str], path: str = SOURCE, category: str = "source") -> Assessment:
    """Return an assessment of one file whose symbols are ``(kind, name, aspect)``."""
    base = an_assessment()
    file = msgspec.structs.replace(base.files[0], path=path, category=category)
    made = tuple(
        SymbolAssessment(
            path=path, line=at, name=name, kind=kind, aspects=(aspect,), logic=True, moved_from=f"b.py:{name}"
        )
        for at, (kind, name, aspect) in enumerate(symbols, start=1)
    )
    return msgspec.structs.replace(base, files=(file,), symbols=made)


@pytest.mark.parametrize(
    ("symbols", "english", "chinese"),
    [
        pytest.param(
            [("class", "A", "added"), ("method", "A.f", "added"), ("function", "g", "removed")],
            ["adds `A`", "removes `g`"],
            ["新增 `A`", "移除 `g`"],
            id="a class stands for its methods",
        ),
        pytest.param(
            [("method", "A.f", "signature"), ("method", "A.f", "body"), ("method", "A.h", "body")],
            ["changes `A.f`, `A.h`"],
            ["改动 `A.f`、`A.h`"],
            id="what is edited is one clause, each name once",
        ),
        pytest.param(
            [("function", f"f{at}", "body") for at in range(5)],
            ["changes `f0`, `f1` and 3 more"],
            ["改动 `f0`、`f1` 及另外 3 个"],
            id="two names and how many more",
        ),
        pytest.param(
            [("cli-flag", "--new", "added"), ("environment-variable", "VLLM_OLD", "removed")],
            ["adds the command line option `--new`", "removes the environment variable `VLLM_OLD`"],
            ["新增命令行参数 `--new`", "移除环境变量 `VLLM_OLD`"],
            id="what users set is told first",
        ),
        pytest.param([("class", "A", "moved"), ("method", "A.f", "moved")], [f"moves `A` to `{SOURCE}`"], [f"将 `A` 移至 `{SOURCE}`"], id="a move"),
        pytest.param(
            [
                *(
                    (kind, f"Job{name}", "removed")
                    for kind, name in (("class", ""), ("variable", ".id"), ("variable", ".keys"), ("variable", ".size"))
                ),
                *(
                    (kind, f"Task{name}", "added")
                    for kind, name in (("class", ""), ("variable", ".id"), ("variable", ".keys"), ("variable", ".size"))
                ),
            ],
            ["`Job` becomes `Task`"],
            ["将 `Job` 改为 `Task`"],
            id="a class with the members of one that went is that by another name",
        ),
        pytest.param([("function", "f", "called")], [f"changes `{SOURCE}`"], [f"改动 `{SOURCE}`"], id="what is only called did not change"),
    ],
)  # fmt: skip
def test_clauses(symbols: list[tuple[str, str, str]], english: list[str], chinese: list[str]) -> None:
    """Exactly these, in this order."""
    found = clauses_of(a_change(*symbols)).clauses
    assert ([clause.en for clause in found], [clause.zh for clause in found]) == (english, chinese)


def test_tests_alone_are_told_by_their_names() -> None:
    """A change of tests has no code; helpers of tests are not named."""
    symbols = (("function", "test_a", "added"), ("function", "helper", "added"))
    (clause,) = clauses_of(a_change(*symbols, path=TEST, category="test")).clauses
    assert (clause.en, clause.zh) == ("adds the tests `test_a`", "新增测试 `test_a`")


def test_a_change_of_nothing_says_nothing() -> None:
    """No file, no symbol, no clause."""
    assert clauses_of(msgspec.structs.replace(an_assessment(), files=(), symbols=())).clauses == ()


def a_symbol(
    kind: str, name: str, aspect: str, *role: str, moved_from: str | None = None
) -> SymbolAssessment:
    return SymbolAssessment(
        path=SOURCE,
        line=1,
        name=name,
        kind=kind,
        aspects=(aspect,),
        logic=True,
        moved_from=moved_from,
        role=role,
    )


@pytest.mark.parametrize(
    ("symbols", "english"),
    [
        pytest.param(
            [a_symbol("registry-row", "Ember", "added", "models", "ember.Ember"), a_symbol("class", "Ember", "added", "nn.Module")],
            ["adds the model `Ember`", "adds `Ember`"],
            id="a model by its registry",
        ),
        pytest.param(
            [a_symbol("registry-row", "ember", "added", "odd things", "x.Y")],
            ["adds the entry of the registry “odd things” `ember`"],
            id="a registry without a name of its own",
        ),
        pytest.param(
            [a_symbol("function", "create", "added", "post", "/v1/embers")],
            ["adds the endpoint `POST /v1/embers`", "adds `create`"],
            id="an endpoint by its route",
        ),
        pytest.param(
            [a_symbol("class", "EmberBackend", "added", "AttentionBackend"), a_symbol("method", "EmberBackend.f", "added")],
            ["adds `EmberBackend` on top of `AttentionBackend`"],
            id="a class by its base",
        ),
        pytest.param(
            [a_symbol("class", "SupportsEmber", "added", "Protocol"), a_symbol("class", "Glow", "bases", "SupportsEmber")],
            ["introduces the interface `SupportsEmber`", "`Glow` adopts the interface `SupportsEmber`"],
            id="an interface and who adopts it",
        ),
        pytest.param(
            [
                a_symbol("class", "X", "removed"),
                a_symbol("class", "Y", "removed"),
                a_symbol("class", "Z", "added"),
                a_symbol("method", "Z.f", "moved", moved_from=f"{SOURCE}:X.f"),
                a_symbol("method", "Z.g", "moved", moved_from=f"{SOURCE}:Y.g"),
            ],
            ["`X`, `Y` become `Z`", "adds `Z`", "removes `X`, `Y`"],
            id="two classes become one",
        ),
        pytest.param(
            [
                *(a_symbol(kind, f"Fire{name}", "removed") for kind, name in A_CLASS),
                *(a_symbol(kind, f"Base{name}", "added") for kind, name in A_CLASS),
                a_symbol("class", "FireOfWood", "added", "Base"),
                a_symbol("class", "Glow", "bases", "fires.FireOfWood"),
                a_symbol("class", "Ember", "bases", "FireOfWood"),
            ],
            ["`Fire` becomes `FireOfWood`", "adds `FireOfWood` on top of `Base`"],
            id="the class that others derive from now takes the place of one that went",
        ),
        pytest.param(
            [a_symbol("environment-variable", "VLLM_EMBER", "default", "default", "0", "1")],
            ["changes the default of `VLLM_EMBER` from `0` to `1`"],
            id="another default",
        ),
        pytest.param(
            [a_symbol("function", "_helper", "added"), a_symbol("function", "run", "added")],
            ["adds `run`"],
            id="no private helper where there is something public",
        ),
    ],
)  # fmt: skip
def test_a_thing_is_told_by_the_part_that_it_plays(
    symbols: list[SymbolAssessment], english: list[str]
) -> None:
    """By registry, route, base, interface; names alone come last."""
    change = msgspec.structs.replace(a_change(), symbols=tuple(symbols))
    assert [clause.en for clause in clauses_of(change).clauses] == english


def test_only_clauses_that_say_more_than_an_edit_are_telling() -> None:
    """A report tells these beside the title, and no others."""
    change = msgspec.structs.replace(
        a_change(), symbols=(a_symbol("function", "run", "added"), a_symbol("function", "stop", "body"))
    )
    found = clauses_of(change)
    assert ([clause.en for clause in found.clauses], found.telling) == (["adds `run`", "changes `stop`"], 1)


def test_a_name_that_another_class_takes_is_said() -> None:
    fields = [("variable", ".id"), ("variable", ".keys"), ("variable", ".size")]
    renamed = a_change(
        *((kind, f"Job{name}", "removed") for kind, name in [("class", ""), *fields]),
        *((kind, f"Task{name}", "added") for kind, name in [("class", ""), *fields]),
    )
    other = a_change(("class", "Job", "added"), ("variable", "Job.task", "added"), path="vllm/v1/other.py")
    both = msgspec.structs.replace(
        renamed, files=(*renamed.files, *other.files), symbols=(*renamed.symbols, *other.symbols)
    )
    told = [clause.en for clause in clauses_of(both).clauses]
    assert told[0] == "`Job` becomes `Task`, and another class in vllm/v1/other.py is called `Job` now"
    assert not any("removes" in clause for clause in told)
