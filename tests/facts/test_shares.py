"""How a change spreads over areas."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.facts.classify.change_shape import area_shares, logic_areas
from diffscope.facts.model import FileFact
from tests.taxonomies import a_file, bundled

PATHS = (
    "vllm/v1/attention/backends/flash_attn.py",
    "vllm/model_executor/layers/fused_moe/layer.py",
    "vllm/model_executor/layers/quantization/fp8.py",
    "vllm/model_executor/models/qwen3_moe.py",
    "vllm/lora/layers/fused_moe.py",
    "vllm/platforms/rocm.py",
    "csrc/moe/topk.cu",
    "tests/kernels/moe/test_moe.py",
    "docs/features/lora.md",
    "docker/Dockerfile.rocm",
    ".buildkite/test-amd.yaml",
    "requirements/common.txt",
    "vllm/model_executor/layers/fused_moe/configs/E=8,device_name=NVIDIA_H100.json",
    "unknown.xyz",
)


def areas(title: str, *files: FileFact) -> dict[str, float]:
    """Return the weights of a change's areas."""
    return {share.area: share.weight for share in area_shares(files, title, bundled())}


def test_tests_and_docs_do_not_outweigh_the_code_they_come_with() -> None:
    """Forty lines of code and six hundred of tests and prose: the code says what is changed."""
    found = areas(
        "x",
        a_file("vllm/v1/core/sched/scheduler.py", 40),
        a_file("tests/lora/test_lora.py", 400),
        a_file("docs/features/reasoning_outputs.md", 200),
    )
    assert next(iter(found)) == "scheduler"
    assert found["scheduler"] > 0.6
    assert "tests" not in found


def test_tests_alone_count_for_what_they_test() -> None:
    found = areas("x", a_file("tests/v1/core/test_scheduler.py", 40))
    assert found == {"scheduler": 1}


def test_further_area_of_a_file_is_less_than_a_quarter_of_it() -> None:
    """A tag that asks for a quarter wants more than the second word of one file's name."""
    found = areas("x", a_file("vllm/v1/core/attn_moe.py", 40))
    assert found == pytest.approx({"attention": 0.77, "moe": 0.23}, abs=0.01)


def test_one_giant_file_does_not_drown_the_rest() -> None:
    """A hundred times the lines, ten times the weight."""
    found = areas("x", a_file("vllm/v1/engine/core.py", 3000), a_file("vllm/tokenizers/hf.py", 30))
    assert found["tokenizer"] == pytest.approx(1 / 11, abs=0.01)


def test_cosmetic_files_hardly_count() -> None:
    found = areas("x", a_file("vllm/v1/engine/core.py", 20), a_file("vllm/tokenizers/hf.py", 20, logic=False))
    assert found["engine"] > 0.9


def test_deleted_files_count_less() -> None:
    found = areas(
        "x", a_file("vllm/v1/engine/core.py", 0, 50), a_file("vllm/tokenizers/hf.py", 0, 50, status="deleted")
    )
    assert found["engine"] > found["tokenizer"] > 0.1


def test_title_counts_only_where_files_agree() -> None:
    """The title's word weighs an area up that files have, and makes none that they do not have."""
    files = (a_file("vllm/v1/engine/core.py", 20), a_file("vllm/tokenizers/hf.py", 20))
    plain, named = areas("x", *files), areas("Make the tokenizer faster under LoRA", *files)
    assert named["tokenizer"] > plain["tokenizer"]
    assert "lora" not in named


def test_small_share_survives_when_the_title_names_it() -> None:
    files = (a_file("vllm/v1/engine/core.py", 3000), a_file("vllm/tokenizers/hf.py", 2))
    assert "tokenizer" not in areas("x", *files)
    assert "tokenizer" in areas("Fix the tokenizer", *files)


def test_logic_areas_leave_tests_and_comments_out() -> None:
    files = (
        a_file("vllm/v1/engine/core.py", 30),
        a_file("vllm/tokenizers/hf.py", 30, logic=False),
        a_file("tests/lora/test_lora.py", 300),
        a_file("csrc/moe/topk.cu", 60),
    )
    assert logic_areas(files) == ("moe", "engine")


CHANGES = st.lists(
    st.builds(
        a_file,
        st.sampled_from(PATHS),
        st.integers(0, 5000),
        st.integers(0, 5000),
        status=st.sampled_from(["added", "modified", "deleted", "renamed"]),
    ),
    max_size=8,
    unique_by=lambda file: file.path,
)


@given(CHANGES, st.sampled_from(["x", "[MoE] Fix LoRA", "[ROCm][Quantization] Add FP8 attention"]))
def test_weights_sum_to_one(files: list[FileFact], title: str) -> None:
    """Exactly, in thousandths, for any change that has a file; a change without files has no areas."""
    shares = area_shares(files, title, bundled())
    assert sum(share.thousandths for share in shares) == (1000 if files else 0)
    assert [share.thousandths for share in shares] == sorted(
        (share.thousandths for share in shares), reverse=True
    )
    assert {path for share in shares for path in share.files} <= {file.path for file in files}


@given(CHANGES, st.randoms(use_true_random=False))
def test_order_of_files_changes_nothing(files: list[FileFact], chance: random.Random) -> None:
    mixed = list(files)
    chance.shuffle(mixed)
    assert area_shares(mixed, "[MoE] x", bundled()) == area_shares(files, "[MoE] x", bundled())
    assert logic_areas(mixed) == logic_areas(files)
