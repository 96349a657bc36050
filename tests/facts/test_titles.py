"""Titles of pull requests taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given

from diffscope.facts.classify.kinds import prose, read_title
from tests.examples import any_text


@pytest.mark.parametrize(
    ("title", "tags", "rest"),
    [
        pytest.param("[ROCm][CI] Fix x (#38450)", ("rocm", "ci"), "Fix x", id="brackets are tags and the number goes"),
        pytest.param("Fix x (#37728) (#37728) (#37728)", (), "Fix x", id="every number at the end goes"),
        pytest.param("{ROCm]: fusion fixes", ("rocm",), "fusion fixes", id="brackets that do not match and a colon"),
        pytest.param("[Bugfix]Fix x", ("bugfix",), "Fix x", id="no space after the bracket"),
        pytest.param("[kv_offload+HMA][7/N]: Support x", ("kv_offload+hma", "7/n"), "Support x", id="a part number is a tag"),
        pytest.param("(security) Fix SSRF", ("security",), "Fix SSRF", id="round brackets"),
        pytest.param("fix(lmcache): correct store", ("fix", "lmcache"), "correct store", id="a conventional prefix with its scope"),
        pytest.param("feat!: drop x", ("feat",), "drop x", id="a conventional prefix with an exclamation mark"),
        pytest.param("[Core] feat: add x", ("core", "feat"), "add x", id="a bracket and then a prefix"),
        pytest.param("MiniMax-M2: add Eagle3", ("minimax-m2",), "add Eagle3", id="a subject before a colon"),
        pytest.param("Make x work with y", (), "Make x work with y", id="a plain sentence"),
        pytest.param('Revert "[MoE] Add x (#1)" (#2)', (), 'Revert "[MoE] Add x (#1)"', id="brackets inside a quotation are no tags"),
        pytest.param("[Only]", (), "[Only]", id="a title of one bracket keeps it as its sentence"),
        pytest.param("  [ V1 ]   Fix   x ", ("v1",), "Fix x", id="white space is folded"),
        pytest.param("", (), "", id="an empty title"),
    ],
)  # fmt: skip
def test_parts(title: str, tags: tuple[str, ...], rest: str) -> None:
    parts = read_title(title)
    assert (parts.tags, parts.rest) == (tags, rest)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("Fix `seq_lens_cpu` in x", "Fix in x", id="what stands in backticks"),
        pytest.param("Change x from \"recompute\" to 'fail'", "Change x from to", id="what stands in quotes"),
        pytest.param("Fix the model's x", "Fix the model's x", id="an apostrophe is no quote"),
        pytest.param("Add uses_cpu_device() hook", "Add hook", id="snake case, called"),
        pytest.param("Call reset() on the CPU", "Call on the CPU", id="a call"),
        pytest.param("Honor --linear-backend on CPU", "Honor on CPU", id="a flag of the command line"),
        pytest.param("Fix off-by-one on CPU", "Fix off-by-one on CPU", id="a hyphen within a word"),
        pytest.param("Fix x (and y)", "Fix x (and y)", id="an aside is no call"),
    ],
)
def test_prose(text: str, said: str) -> None:
    assert prose(text) == said


@given(any_text(max_size=200))
def test_any_text_is_a_title(title: str) -> None:
    """Never raises, and nothing is invented."""
    parts = read_title(title)
    assert parts.rest in parts.text
    assert len(set(parts.tags)) == len(parts.tags)


def test_endless_titles_cost_little() -> None:
    """A hostile title is cut before it is read."""
    assert len(read_title("[a" * 100_000).text) <= 500
