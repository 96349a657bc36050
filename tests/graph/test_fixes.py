"""What counts as a fix."""

from __future__ import annotations

import pytest

from diffscope.graph.history.history import is_code, is_fix, is_source, named_commits, named_pulls


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
        pytest.param("[Core] Reapply page sizes (#17)", True, id="work done again"),
        pytest.param("Page sizes (Retry) (#18)", True, id="a retry"),
        pytest.param("[Bug] Page size of zero", True, id="a bug"),
        pytest.param("Avoid a crash of empty batches", True, id="a crash"),
        pytest.param("[3/N] Fix page sizes of the KV cache", False, id="a step of a plan"),
        pytest.param("[Bugfix][2/2] Page sizes", True, id="a step of a plan that names a fault"),
        pytest.param("[Doc] Fix the page sizes", False, id="documentation"),
        pytest.param("Fix type annotations of pages", False, id="annotations"),
    ],
)
def test_titles_tell_fixes(title: str, *, expected: bool) -> None:
    """By whole words, in any case."""
    assert is_fix(title) is expected


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        pytest.param("Revert #12 (#13)", "", (12,), id="a title names another"),
        pytest.param("[Bugfix] Page sizes (#13)", "", (), id="its own number is none"),
        pytest.param("[Bugfix] Pages (#13)", "A regression introduced by #12, see also\n#11.", (12,), id="words of the body"),
        pytest.param("[Bugfix] Pages (#13)", "Thanks to #12.", (), id="a number without such words"),
    ],
)  # fmt: skip
def test_fixes_name_what_they_mend(title: str, body: str, expected: tuple[int, ...]) -> None:
    """By numbers in the title, and behind words of blame in the body."""
    assert named_pulls(title, body) == expected


def test_reverts_name_commits() -> None:
    """As git writes it."""
    assert named_commits("This reverts commit 0123abcd4567.") == ("0123abcd4567",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("vllm/v1/core/sched.py", True),
        ("csrc/cache_kernels.cu", True),
        ("rust/router/src/lib.rs", True),
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
