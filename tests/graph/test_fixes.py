"""What counts as a fix."""

from __future__ import annotations

import pytest

from diffscope.graph.history.fixes import is_code, is_fix, is_source


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("[Bugfix] Handle empty batches (#12)", True, id="a tag"),
        pytest.param("[ROCm] Fix the page size", True, id="a verb"),
        pytest.param("[Bug Fix] Page size", True, id="two words"),
        pytest.param("hotfix: page size", True, id="a hotfix"),
        pytest.param('Revert "[Core] Page sizes (#12)" (#13)', True, id="a revert"),
        pytest.param("[CI] [Core] Revert page sizes", True, id="a revert behind tags"),
        pytest.param('Revert "Revert "[Core] Page sizes"" (#14)', False, id="a revert of a revert"),
        pytest.param("[Bugfix][CI] Fix typos (#15)", False, id="typos"),
        pytest.param("[CI] Fix mypy for vllm/core", False, id="a type checker"),
        pytest.param('Revert "Fix typos" (#16)', True, id="a revert of whatever"),
        pytest.param("[Core] Add a prefix cache", False, id="a word that ends alike"),
        pytest.param("[Kernel] Fixture for page sizes", False, id="a word that starts alike"),
        pytest.param("", False, id="no title"),
    ],
)
def test_titles_tell_fixes(title: str, *, expected: bool) -> None:
    """By whole words, in any case."""
    assert is_fix(title) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("vllm/v1/core/sched.py", True),
        ("csrc/cache_kernels.cu", True),
        ("tests/test_it.py", False),
        ("vllm/model_executor/configs/e=8.json", False),
        ("setup.py", False),
    ],
)
def test_source_is_product_code(path: str, *, expected: bool) -> None:
    """Below vllm/ and csrc/, in a language of code."""
    assert is_source(path) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    return 1", True),
        ("", False),
        ("  \t", False),
        ("    # a comment", False),
        ("// a comment", False),
        ("#include <torch/all.h>", True),
        ("# if defined(USE_ROCM)", True),
    ],
)
def test_blank_lines_and_comments_are_no_code(line: str, *, expected: bool) -> None:
    """A directive of the preprocessor is."""
    assert is_code(line) is expected
