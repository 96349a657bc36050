"""A source file that is not text is never nothing: a gap, and a level that is at least unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.changes.checkout import worktree_change
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment, RiskLevel
from diffscope.source.model import Change, PullRequest, SourceKind
from diffscope.workspace import Workspace
from tests.builders import git_repository, write_files

BINARY = "a source file that is not text: it holds a NUL byte, or is in another encoding than UTF-8"
LONG = "# " + "x" * 70 + "\n"


def judged(before: dict[str, bytes], after: dict[str, bytes | None], folder: Path) -> Assessment:
    clone = git_repository(folder / "clone", {"vllm/__init__.py": b"", **before})
    write_files(clone, after)
    with GitRepository(clone) as repository, Workspace(repository, use_cache=False) as workspace:
        return workspace.judge(workspace.facts(worktree_change(repository)))


def not_text(found: Assessment) -> list[tuple[str | None, str]]:
    return [(gap.path, gap.reason.en) for gap in found.completeness.gaps if gap.what == "not-text"]


SOURCES = [
    pytest.param("vllm/a.py", b"a = 1\n", b"a = 2 # \0\n", id="a NUL byte in a comment"),
    pytest.param("vllm/a.py", b"a = 1\n", "a = 2\n".encode("utf-16"), id="UTF-16"),
    pytest.param("vllm/a.py", b"a = 1\n\0", b"a = 2\n", id="a NUL byte that goes"),
    pytest.param("vllm/a.py", b"a = 1\n", b"a = 2\n" + LONG.encode() * 200 + b"# \0\n", id="a NUL byte where git does not look"),
    pytest.param("csrc/a.cu", b"int a;\n", b"int b; // \0\n", id="native code"),
    pytest.param("csrc/a.cu", b"int a;\n", b"int b;\n" + (b"# " + b"x" * 1_100_000 + b"\n") * 4, id="too large"),
    pytest.param("tests/test_a.py", b"def test_a(): pass\n", b"\0", id="a test"),
    pytest.param("requirements/common.txt", b"torch==2.9\n", b"torch==2.8\n#\0\n", id="requirements"),
    pytest.param(".buildkite/test.yaml", b"steps: []\n", b"steps: [] #\0\n", id="a pipeline"),
    pytest.param("docker/Dockerfile", b"FROM a\n", b"FROM b\n#\0\n", id="a Dockerfile"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "after"), SOURCES)
def test_a_source_file_that_is_not_text_is_a_gap_and_the_level_unknown(
    path: str, before: bytes, after: bytes, tmp_path: Path
) -> None:
    found = judged({path: before}, {path: after}, tmp_path)
    size = f"a source file of {len(after):,} bytes: too large to be compared"
    assert not_text(found) == [(path, size if len(after) > 4_000_000 else BINARY)]
    assert found.risk.level is RiskLevel.UNKNOWN
    assert not found.completeness.complete


OTHERS = [
    pytest.param("docs/a.png", b"\x89PNG\0\1", b"\x89PNG\0\2", id="an image"),
    pytest.param(
        "benchmarks/data/a.txt", "a\n".encode("utf-16"), "b\n".encode("utf-16"), id="data of a benchmark"
    ),
    pytest.param("vllm/weights.safetensors", b"\0\1", b"\0\2", id="weights"),
    pytest.param("docs/a.md", b"a\0", b"b\0", id="a document"),
]


@pytest.mark.parametrize(("path", "before", "after"), OTHERS)
def test_what_is_no_source_file_may_be_binary(path: str, before: bytes, after: bytes, tmp_path: Path) -> None:
    found = judged({path: before}, {path: after}, tmp_path)
    assert (not_text(found), found.risk.level) == ([], RiskLevel.NONE)


def test_a_patch_that_says_that_a_source_file_is_binary_is_not_believed() -> None:
    patch = (
        "diff --git a/vllm/a.py b/vllm/a.py\n"
        f"index {'1' * 40}..{'2' * 40} 100644\nBinary files a/vllm/a.py and b/vllm/a.py differ\n"
    )
    pull = PullRequest(repository="vllm-project/vllm", source=SourceKind.PATCH, title="Odd")
    with Workspace(use_cache=False) as workspace:
        found = workspace.judge(workspace.facts(Change(pull=pull, patch=patch)))
    assert not_text(found) == [("vllm/a.py", BINARY)]
    assert found.risk.level is RiskLevel.UNKNOWN


def test_a_source_file_that_only_moves_needs_no_reading(tmp_path: Path) -> None:
    found = judged(
        {"vllm/a.py": b"a = 1 # \0\n" * 9}, {"vllm/a.py": None, "vllm/b.py": b"a = 1 # \0\n" * 9}, tmp_path
    )
    assert not_text(found) == []
