"""Owners of paths: precedence, further owners, and the shapes of globs that are looked up instead of matched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.patterns import compile_glob
from diffscope.taxonomy.places import Claims, GlobTable, PlaceTable, is_glob

TABLE = PlaceTable(
    [
        Claims("lora", own=("lora",), files=("lora",)),
        Claims("moe", own=("fused moe",), files=("moe", "experts")),
        Claims("mamba", files=("linear attn",)),
        Claims("attention", own=("attention",), files=("attn",)),
        Claims("models", own=("pkg/models/**",), closed=("pkg/models/*",)),
        Claims("spec", own=("pkg/models/*_mtp.py",)),
        Claims("executor", files=("executor",)),
        Claims("worker", home=("worker",)),
        Claims("kernels", home=("ops", "csrc/**")),
        Claims("tests", home=("tests/**",)),
        Claims("utils", home=("pkg/*",)),
        Claims("docs", closed=("LICENSE",), home=("**/*.md",)),
    ],
    ignore=("model executor",),
)


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        pytest.param("pkg/lora/fused_moe/x.py", ("lora", "moe"), id="the outermost owning folder is the main owner"),
        pytest.param("pkg/fused_moe/lora_experts.py", ("moe", "lora"), id="an owning folder beats words of the name"),
        pytest.param("pkg/a/linear_attn.py", ("mamba",), id="the longest word of the name wins and spends its parts"),
        pytest.param("pkg/a/attn_moe.py", ("attention", "moe"), id="of two words of the same name the longer comes first"),
        pytest.param("pkg/models/qwen_moe.py", ("models",), id="a closed glob says nothing of the name"),
        pytest.param("pkg/models/deep/qwen_moe.py", ("models", "moe"), id="an owning glob that is not closed does"),
        pytest.param("pkg/models/qwen_mtp.py", ("spec", "models"), id="the glob with more literal characters comes first"),
        pytest.param("pkg/worker/x.py", ("worker",), id="a home takes what nothing else claims"),
        pytest.param("pkg/worker/lora_x.py", ("lora",), id="what a word of the name claims has left its home"),
        pytest.param("tests/worker/test_x.py", ("worker",), id="of two homes the one that covers more of the path wins, alone"),
        pytest.param("tests/attn_things/test_x.py", ("tests", "attention"), id="a word of a folder's name never beats a home"),
        pytest.param("pkg/model_executor/ops/x.py", ("kernels",), id="an ignored phrase hides the word in it"),
        pytest.param("pkg/utils.py", ("utils",), id="a single star stays in its folder"),
        pytest.param("pkg/deep/utils.py", (), id="what nothing claims has no owner"),
        pytest.param("LICENSE", ("docs",), id="a whole name may be closed"),
        pytest.param("README.md", ("docs",), id="an ending is found at the root"),
        pytest.param("a/b/README.md", ("docs",), id="an ending is found in any folder"),
        pytest.param("", (), id="the empty path has no owner"),
    ],
)  # fmt: skip
def test_owners_of_path(path: str, owners: tuple[str, ...]) -> None:
    assert TABLE.owners_of(path) == owners


def test_no_more_than_four_owners() -> None:
    """A path that says everything still has a readable answer."""
    assert len(TABLE.owners_of("pkg/lora/fused_moe/attention/worker/executor_linear_attn.py")) == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("fused moe", False, id="words are no glob"),
        pytest.param("tool pars*", False, id="words that end in a star are no glob"),
        pytest.param("vllm/lora", True, id="a slash makes a glob"),
        pytest.param("*.py", True, id="a star elsewhere makes a glob"),
        pytest.param("setup.py", True, id="a dot makes a glob"),
        pytest.param("tests/*", True, id="a slash and a star make a glob"),
    ],
)
def test_what_is_a_glob(text: str, *, expected: bool) -> None:
    assert is_glob(text) is expected


GLOBS = (
    "a/b/**", "a/**", "**/*.py", "**/c.py", "*.py", "a/*/c.py", "a/{b,c}/*.py", "**/b/**", "a/**/c*", "a/b/c.py", "{a,b}/**", "**/*.{py,md}", "?.py",
)  # fmt: skip
SEGMENT = st.sampled_from(["a", "b", "c", "bc", "c.py", "x.py", "py", "c.md", "a.b.py"])


@given(st.lists(SEGMENT, min_size=1, max_size=4).map("/".join))
def test_table_agrees_with_plain_globs(path: str) -> None:
    """Oracle: every glob matched by itself, with no table."""
    table = GlobTable((text, text) for text in GLOBS)
    assert set(table.owners_of(path)) == {text for text in GLOBS if compile_glob(text).matches(path)}
    # Once more, now that the folder is known.
    assert set(table.owners_of(path)) == {text for text in GLOBS if compile_glob(text).matches(path)}
