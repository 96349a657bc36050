"""What a change does, told in names."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.products.report.change_summary import summarize_change
from tests.assessments import an_assessment

SOURCE, TEST = "vllm/v1/core/sched/scheduler.py", "tests/v1/core/test_scheduler.py"


def a_change(*symbols: tuple[str, str, str], path: str = SOURCE, category: str = "source") -> Assessment:
    """Return an assessment of one file whose symbols are ``(kind, name, aspect)``."""
    base = an_assessment()
    file = msgspec.structs.replace(base.files[0], path=path, category=category)
    made = tuple(
        SymbolAssessment(
            path=path, line=at, name=name, kind=kind, aspects=(aspect,), logic=True, moved_from="b.py"
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
            ["changes the signature of `A.f`", "changes `A.h`"],
            ["修改签名：`A.f`", "改动 `A.h`"],
            id="a signature is told before bodies, and once",
        ),
        pytest.param(
            [("function", f"f{at}", "body") for at in range(5)],
            ["changes `f0`, `f1`, `f2` and 2 more"],
            ["改动 `f0`、`f1`、`f2` 及另外 2 个"],
            id="three names and how many more",
        ),
        pytest.param(
            [("cli-flag", "--new", "added"), ("environment-variable", "VLLM_OLD", "removed")],
            ["adds the command line option `--new`", "removes the environment variable `VLLM_OLD`"],
            ["新增命令行参数 `--new`", "移除环境变量 `VLLM_OLD`"],
            id="what users set is told first",
        ),
        pytest.param(
            [("class", "A", "moved"), ("method", "A.f", "moved")], ["moves `A`"], ["迁移 `A`"], id="a move"
        ),
        pytest.param(
            [("function", "f", "called")],
            [f"changes `{SOURCE}`"],
            [f"改动 `{SOURCE}`"],
            id="what is only called did not change",
        ),
    ],
)
def test_clauses(symbols: list[tuple[str, str, str]], english: list[str], chinese: list[str]) -> None:
    """Exactly these, in this order."""
    found = summarize_change(a_change(*symbols))
    assert ([clause.en for clause in found], [clause.zh for clause in found]) == (english, chinese)


def test_tests_alone_are_told_by_their_names() -> None:
    """A change of tests has no code; helpers of tests are not named."""
    symbols = (("function", "test_a", "added"), ("function", "helper", "added"))
    (clause,) = summarize_change(a_change(*symbols, path=TEST, category="test"))
    assert (clause.en, clause.zh) == ("adds the tests `test_a`", "新增测试 `test_a`")


def test_a_change_of_nothing_says_nothing() -> None:
    """No file, no symbol, no clause."""
    assert summarize_change(msgspec.structs.replace(an_assessment(), files=(), symbols=())) == ()


def test_a_new_class_speaks_for_itself_right_behind_its_name() -> None:
    change = a_change(("class", "Pool", "added"), ("method", "Pool.free", "added"), ("function", "g", "body"))
    said = tuple(
        msgspec.structs.replace(one, summary=f"Says what {one.name} does") for one in change.symbols[:2]
    )
    spoken = msgspec.structs.replace(change, symbols=(*said, change.symbols[2]))
    assert [clause.en for clause in summarize_change(spoken)] == [
        "adds `Pool`",
        "`Pool`: “Says what Pool does”",
        "changes `g`",
    ]


def test_a_new_option_is_explained_by_the_field_behind_it() -> None:
    change = a_change(
        ("cli-flag", "--keep-pages", "added"),
        ("class", "Pool", "added"),
        ("variable", "CacheConfig.keep_pages", "added"),
    )
    spoken = msgspec.structs.replace(
        change,
        symbols=tuple(
            msgspec.structs.replace(one, summary=f"Says what {one.name} is for")
            if one.kind != "cli-flag"
            else one
            for one in change.symbols
        ),
    )
    assert [clause.zh for clause in summarize_change(spoken)][:2] == [
        "新增命令行参数 `--keep-pages`",
        "`CacheConfig.keep_pages` 的文档说明：“Says what CacheConfig.keep_pages is for”",
    ]


def test_special_methods_are_named_last() -> None:
    names = [("method", f"A.{name}", "body") for name in ("__init__", "run", "stop", "wait")]
    assert [clause.en for clause in summarize_change(a_change(*names))] == [
        "changes `A.run`, `A.stop`, `A.wait` and 1 more"
    ]
