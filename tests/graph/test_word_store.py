"""An index of words comes back from the package as it went in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.errors import InputError
from diffscope.graph.word_index import expand_words, index_words, shrink_words
from diffscope.source.model import RepoPath

NAMES = st.text("abcA_é1", min_size=1, max_size=9)


@given(st.dictionaries(NAMES.map(RepoPath), st.frozensets(NAMES), max_size=9))
def test_what_is_expanded_is_what_was_shrunk(words: dict[RepoPath, frozenset[str]]) -> None:
    index = index_words(words)
    assert expand_words(shrink_words(index)) == index


def test_numbers_beyond_one_byte_come_back() -> None:
    index = index_words(
        {RepoPath(f"tests/test_{number}.py"): {"common", f"w{number}"} for number in range(700)}
    )
    assert expand_words(shrink_words(index)) == index


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"\x95\x90\xc4\x01a\xc4\x00\xc4\x00\xc4\x00", b"\x95\x90\xc4\x04\0\0\0\0\xc4\x00\xc4\x00\xc4\x00"],
    ids=["nothing", "text", "a column cut off", "fewer words than counts"],
)  # fmt: skip
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a stored index of words"):
        expand_words(data)
