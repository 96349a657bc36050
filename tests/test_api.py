"""The Python interface: what there is, what it gives, and that it says what the command line says."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import diffscope
from diffscope.assessment.document import Assessment
from diffscope.errors import NotFoundError, UsageError
from diffscope.source.model import SourceKind

ROOT = Path(__file__).resolve().parent.parent
TYPED = """
import diffscope

def worst(number: int) -> str:
    assessment: diffscope.Assessment = diffscope.classify(number, source="recorded")
    flags: tuple[diffscope.Flag, ...] = assessment.flags
    severity: diffscope.Severity = max((flag.severity for flag in flags), key=lambda each: each.rank)
    try:
        text: str = diffscope.render([assessment], diffscope.Style(language=diffscope.Language.CHINESE), form="markdown")
    except diffscope.DiffscopeError as error:
        text = error.message + (error.hint or "")
    with diffscope.Workspace(None, use_cache=False) as workspace:
        version: str = diffscope.__version__ if workspace.repository is None else ""
    return severity.value + text + version
"""


def test_every_public_name_is_there_and_no_other() -> None:
    """`__all__` is the surface: each name resolves, `dir` shows them, anything else is an AttributeError."""
    for name in diffscope.__all__:
        assert getattr(diffscope, name) is not None
    assert dir(diffscope) == sorted(diffscope.__all__)
    with pytest.raises(AttributeError, match="module 'diffscope' has no attribute 'clasify'"):
        _ = diffscope.clasify  # type: ignore[attr-defined]


@pytest.mark.thorough
def test_users_get_types(tmp_path: Path) -> None:
    """A program that uses the whole surface passes mypy --strict, through the lazy names."""
    (tmp_path / "program.py").write_text(TYPED, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(ROOT / ".mypy_cache"),
        "program.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_classify_gives_an_assessment(minivllm: Path) -> None:
    """By number from a clone; the arguments are the options of the command line."""
    assessment = diffscope.classify(102, repo=minivllm, use_cache=False)
    assert isinstance(assessment, Assessment)
    assert assessment.change.pull.number == 102
    assert diffscope.classify("#102", repo=minivllm, use_cache=False) == assessment


def test_classify_takes_a_patch(tmp_path: Path) -> None:
    patch = tmp_path / "a.patch"
    patch.write_text(
        "diff --git a/a.md b/a.md\n--- a/a.md\n+++ b/a.md\n@@ -1 +1 @@\n-a\n+b\n", encoding="utf-8"
    )
    assert diffscope.classify(diff=patch, use_cache=False).change.pull.source is SourceKind.PATCH


def test_a_fallback_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """To the one who asks for it; else it is a warning, as nothing falls back in silence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFSCOPE_API_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("DIFFSCOPE_REPO", raising=False)
    told: list[str] = []
    assert (
        diffscope.classify(38450, use_cache=False, notice=told.append).change.pull.source
        is SourceKind.RECORDED
    )
    assert told[-1] == "using the facts of #38450 that are recorded with diffscope"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        diffscope.classify(38450, use_cache=False)
    assert [str(each.message) for each in caught] == told


def test_what_cannot_be_had_is_an_error_with_a_hint() -> None:
    with pytest.raises(NotFoundError, match="pull request 1 has no recorded facts"):
        diffscope.classify(1, source="recorded")
    with pytest.raises(UsageError, match="nothing to classify"):
        diffscope.classify()


def test_help_is_of_the_function_and_tells_every_argument() -> None:
    for function in (diffscope.classify, diffscope.report):
        told = inspect.getdoc(function) or ""
        assert inspect.isfunction(function)
        for name in inspect.signature(function).parameters:
            assert f"\n    {name}: " in told, name


def test_the_examples_in_the_help_hold() -> None:
    found = doctest.DocTestFinder(recurse=False).find(
        diffscope.classify, globs={"classify": diffscope.classify}
    )
    results = [doctest.DocTestRunner().run(example) for example in found]
    assert sum(result.attempted for result in results) == 3
    assert not any(result.failed for result in results)
