"""Which pull request a text names."""

from __future__ import annotations

import pytest

from diffscope.adapters.github.access import PullReference, parse_reference
from diffscope.errors import UsageError

FORMS = [
    pytest.param("38450", "vllm-project/vllm", 38450, None, id="a number"),
    pytest.param("#38450", "vllm-project/vllm", 38450, None, id="a number with its sign"),
    pytest.param(" 38450\n", "vllm-project/vllm", 38450, None, id="white space around it"),
    pytest.param("ada/fork.of_vllm#7", "ada/fork.of_vllm", 7, None, id="with a repository"),
    pytest.param("https://github.com/a/b/pull/7", "a/b", 7, "github.com", id="the address of the page"),
    pytest.param("https://github.com/a/b/pull/7/", "a/b", 7, "github.com", id="with a slash behind"),
    pytest.param(
        "https://github.com/a/b/pull/7/files?w=1#diff-0", "a/b", 7, "github.com", id="the files tab"
    ),
    pytest.param("https://ghe.example:8443/a/b/pull/7", "a/b", 7, "ghe.example", id="an enterprise server"),
    pytest.param("https://github.com/a/b/issues/7", "a/b", 7, "github.com", id="the address as an issue"),
]

REFUSED = [
    pytest.param("", id="nothing"),
    pytest.param("0", id="zero"),
    pytest.param("-1", id="a negative number"),
    pytest.param("1e3", id="a float"),
    pytest.param("99999999999", id="a number beyond any"),
    pytest.param("owner/repo", id="a repository alone"),
    pytest.param("owner/repo38450", id="no sign before the number"),
    pytest.param("../..#1", id="dots for an owner"),
    pytest.param("a/..#1", id="dots for a repository"),
    pytest.param("a/b/c#1", id="too many parts"),
    pytest.param("https://github.com/a/b", id="an address without a number"),
    pytest.param("https://github.com/a/b/pull/x", id="an address with a word for a number"),
    pytest.param("https://[::1/a/b/pull/1", id="a broken address"),
    pytest.param("file:///a/b/pull/7", id="another scheme"),
    pytest.param("https:///a/b/pull/7", id="no host"),
    pytest.param("$(id)#1", id="a shell command"),
    pytest.param("a/b\n#1", id="a line feed inside"),
    pytest.param("\u0663", id="a digit of another script"),
]


@pytest.mark.parametrize(("text", "repository", "number", "host"), FORMS)
def test_form_is_read(text: str, repository: str, number: int, host: str | None) -> None:
    assert parse_reference(text) == PullReference(repository=repository, number=number, host=host)


def test_the_repository_can_be_set() -> None:
    assert parse_reference("7", repository="a/b").repository == "a/b"


@pytest.mark.parametrize("text", REFUSED)
def test_form_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert "38450" in (caught.value.hint or "") or "owner/repo" in (caught.value.hint or "")


def test_a_long_text_is_cut_in_the_message() -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference("x" * 5000)
    assert len(caught.value.message) < 120
