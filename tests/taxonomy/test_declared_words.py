"""Declared words in texts: phrases, prefixes, suffixes, and what a longer phrase spends."""

from __future__ import annotations

import pytest
from hypothesis import given

from diffscope.taxonomy.declared_words import WordTable, identifier_tokens, tokens_of
from tests.examples import any_text

TABLE = WordTable(
    [
        ("cuda", "cuda"),
        ("graphs", "cuda graph*"),
        ("quantization", "quant*"),
        ("moe", "*moe"),
        ("spec", "spec decod*"),
        ("both", "cuda alike"),
        ("cuda", "cuda alike"),
        ("", "model executor"),
        ("executor", "executor"),
    ]
)


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        pytest.param("Fix CUDA launch", ("cuda",), id="a word is found in any case"),
        pytest.param("Enable full CUDA Graphs", ("graphs",), id="a longer phrase spends the words that it covers"),
        pytest.param("cuda_graph and cuda", ("graphs", "cuda"), id="an underscore parts words, and a word after a phrase counts"),
        pytest.param("cudagraph", (), id="a phrase of two words is not one word"),
        pytest.param("Quantized weights", ("quantization",), id="a star at the end takes any ending"),
        pytest.param("dequantize", (), id="a star at the end takes no other beginning"),
        pytest.param("ZeroExpertFusedMoE", ("moe",), id="a star at the start takes any beginning"),
        pytest.param("[Spec-Decode] x", ("spec",), id="the last word of a phrase may have a star"),
        pytest.param("is_cuda_alike()", ("both", "cuda"), id="a phrase may have two owners"),
        pytest.param("vllm/model_executor/x", (), id="an owner without a name spends words and is not reported"),
        pytest.param("executor of the model executor", ("executor",), id="the same word elsewhere still counts"),
        pytest.param("", (), id="nothing is found in nothing"),
        pytest.param("算子 。。 !!", (), id="a text without letters of ours holds nothing"),
    ],
)  # fmt: skip
def test_owners_in_text(text: str, owners: tuple[str, ...]) -> None:
    assert TABLE.owners_in(tokens_of(text)) == owners


def test_camel_case_of_identifiers_is_parted() -> None:
    """`FusedMoE` is one word of a title, yet `KVConnectorBase` names a connector."""
    assert identifier_tokens("KVConnectorBase.is_rocm()") == ("kvconnector", "base", "is", "rocm")


@given(any_text(max_size=60))
def test_find_never_raises_and_only_names_owners(text: str) -> None:
    """Whatever a title holds, the answer is made of declared owners."""
    assert set(TABLE.owners_in(tokens_of(text))) <= {
        "cuda",
        "graphs",
        "quantization",
        "moe",
        "spec",
        "both",
        "executor",
    }
