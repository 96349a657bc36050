"""Which test files name a word, in a tree and in the trees near it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.errors import InputError
from diffscope.graph.word_index import TestWords, decode_words, encode_words, index_words

WORDS = {"tests/a.py": ("Core", "step"), "tests/b.py": ("step",), "tests/c.py": ()}


def test_a_word_leads_to_its_files() -> None:
    words = TestWords(index_words(WORDS))
    assert words.naming("step") == ("tests/a.py", "tests/b.py")
    assert words.naming("Core") == ("tests/a.py",)
    assert words.naming("Cor") == words.naming("zz") == words.naming("") == ()
    assert words.paths == ("tests/a.py", "tests/b.py", "tests/c.py")


def test_what_changed_since_the_index_counts() -> None:
    words = TestWords(
        index_words(WORDS), {"tests/a.py": ("stop",), "tests/b.py": None, "tests/d.py": ("step",)}
    )
    assert words.naming("step") == ("tests/d.py",)
    assert words.naming("stop") == ("tests/a.py",)
    assert words.paths == ("tests/a.py", "tests/c.py", "tests/d.py")


def test_an_index_survives_its_bytes() -> None:
    words = TestWords(decode_words(encode_words(index_words(WORDS))))
    assert words.naming("step") == ("tests/a.py", "tests/b.py")


@pytest.mark.parametrize(
    "data", [b"", b"junk", b"\x95\x90\xa0\xa0\xa0\xa0"], ids=["nothing", "text", "an index of other columns"]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"index of words|cut off"):
        decode_words(data)


PATHS = st.sampled_from(("tests/a.py", "tests/b.py", "tests/ü.py"))
NAMES = st.sampled_from(("a", "ab", "b", "Z", "_", "x1"))


@given(
    old=st.dictionaries(PATHS, st.lists(NAMES)),
    new=st.dictionaries(PATHS, st.one_of(st.none(), st.lists(NAMES))),
    word=NAMES,
)
def test_an_index_with_changes_answers_as_a_new_one(
    old: dict[str, list[str]], new: dict[str, list[str] | None], word: str
) -> None:
    """Which index of the past is at hand never shows."""
    merged = {path: words for path, words in (old | new).items() if words is not None}
    changed, whole = TestWords(index_words(old), new), TestWords(index_words(merged))
    assert changed.naming(word) == whole.naming(word)
    assert changed.mean_size == whole.mean_size
    assert [changed.size(path) for path in whole.paths] == [whole.size(path) for path in whole.paths]
    for limit in (0, 1, 2):
        assert changed.is_in_more_than(limit, word) == whole.is_in_more_than(limit, word)
