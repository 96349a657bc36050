"""Reasons of tags: one for each tag that a change has, in both languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.assessment.tags import explain_tags
from diffscope.facts.model import FileFact
from tests.assessment.test_scores import CORE, facts_of
from tests.said import sentences
from tests.taxonomies import a_file, bundled

ROCM = "vllm/v1/attention/backends/rocm_attn.py"


def reasons(title: str, *files: FileFact) -> dict[str, str]:
    """Return the reason of each tag of a change."""
    return {one.tag: sentences(one.reasons) for one in explain_tags(facts_of(title, *files), bundled())}


@pytest.mark.parametrize(
    ("title", "file", "tag", "reason"),
    [
        pytest.param("[Bugfix] Fix x", a_file(CORE), "bugfix", "the kind is bugfix", id="by the kind"),
        pytest.param("Fix x", a_file(ROCM, platforms=("rocm",)), "rocm", "it concerns rocm", id="by the platform of a file"),
        pytest.param("Fix x", a_file("vllm/model_executor/layers/quantization/fp8.py", 40), "quantization", "% of it lies in quantization", id="by the area"),
        pytest.param("Fix x", a_file(CORE), "v1", f"{CORE} changed", id="by the path"),
    ],
)  # fmt: skip
def test_reason_of_a_tag(title: str, file: FileFact, tag: str, reason: str) -> None:
    assert reason in reasons(title, file)[tag]


@given(
    title=st.sampled_from(["[Bugfix] Fix x", "[ROCm] Support FP8", "Zzz", "[Doc] x", "[New Model] Add y", "Speculative decoding with LoRA"]),
    paths=st.lists(st.sampled_from([CORE, ROCM, "docs/x.md", "tests/lora/test_x.py", "csrc/moe/x.cu", ".buildkite/x.yaml"]), max_size=4, unique=True),
)  # fmt: skip
def test_every_tag_has_a_reason_in_both_languages(title: str, paths: list[str]) -> None:
    """The conditions that gave a tag are found again, in the same order."""
    facts = facts_of(title, *(a_file(path) for path in paths))
    found = explain_tags(facts, bundled())
    assert tuple(one.tag for one in found) == facts.change.tags
    assert all(re.search(r"[\u4e00-\u9fff]", each.zh) for one in found for each in one.reasons)
