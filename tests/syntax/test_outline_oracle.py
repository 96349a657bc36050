"""Outlines against ``ast``: the standard library, and (with a clone) vLLM's own tree."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from diffscope.syntax.outline.outline import declare_python, outline_python
from diffscope.syntax.parsers import prepare_python
from tests.examples import one_in
from tests.syntax.ast_oracle import parse, read_ast, read_outline

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FOLDERS = [
    ".",
    "asyncio",
    "collections",
    "concurrent/futures",
    "email",
    "importlib",
    "json",
    "multiprocessing",
    "unittest",
    "test",
]
KNOWN = {
    "badsyntax_future8.py": "`from __future__ import *` is no Python, though ast reads it",
    "test_compile.py": "the grammar does not read one of its snippets",
}  # fmt: skip


def disagreements(files: list[tuple[str, bytes]]) -> tuple[int, list[str]]:
    """Return how many files were judged, and the names of those where the two differ."""
    judged, different = 0, []
    for name, source in files:
        tree = parse(source)
        if tree is not None:
            judged += 1
            if read_outline(outline_python(source)) != read_ast(tree):
                different.append(name)
    return judged, different


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_standard_library_is_read_as_ast_reads_it(folder: str) -> None:
    paths = sorted((LIBRARY / folder).glob("*.py"))
    files = [(path.name, path.read_bytes()) for path in (one_in(32 if folder == "test" else 8, paths))]
    judged, different = disagreements(files)
    assert judged > 0
    assert [name for name in different if name not in KNOWN] == []


@pytest.mark.parametrize("folder", FOLDERS[:4])
def test_what_is_not_parsed_changes_nothing(folder: str) -> None:
    """An outline of the cut source equals the outline of the whole one."""
    for path in one_in(6, sorted((LIBRARY / folder).glob("*.py"))[1:]):
        source = path.read_bytes()
        assert outline_python(source) == declare_python(prepare_python(source)).outline, path.name


@pytest.mark.clone
def test_vllm_is_read_as_ast_reads_it(vllm_clone: Path) -> None:
    files = read_tree(vllm_clone)[::12]
    judged, different = disagreements(files)
    assert judged > 250
    assert different == []


@pytest.mark.clone
def test_what_is_not_parsed_of_vllm_changes_nothing(vllm_clone: Path) -> None:
    for name, source in read_tree(vllm_clone)[5::12]:
        assert outline_python(source) == declare_python(prepare_python(source)).outline, name


def read_tree(clone: Path) -> list[tuple[str, bytes]]:
    """Return the Python files under ``vllm/`` and ``tests/`` at the newest commit, by name."""
    listing = subprocess.run(
        ["git", "-C", clone, "ls-tree", "-r", "HEAD", "vllm", "tests"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    rows = [line.split(None, 3) for line in listing.splitlines() if line.endswith(".py")]
    blobs = "".join(f"{row[2]}\n" for row in rows).encode()
    output = subprocess.run(
        ["git", "-C", clone, "cat-file", "--batch"], input=blobs, capture_output=True, check=True
    ).stdout
    files, position = [], 0
    for row in rows:
        end = output.index(b"\n", position)
        size = int(output[position:end].split()[2])
        files.append((row[3], output[end + 1 : end + 1 + size]))
        position = end + size + 2
    return files
