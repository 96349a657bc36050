"""Which GitHub is asked, and with whose token."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from diffscope.adapters.github.access import PUBLIC_API, find_access
from diffscope.errors import ConfigurationError, SourceError

ROOTS = [
    pytest.param(None, {}, PUBLIC_API, id="GitHub's own without a word"),
    pytest.param(None, {"GITHUB_API_URL": "https://ghe.example/api/v3"}, "https://ghe.example/api/v3", id="as a workflow says"),
    pytest.param(None, {"GITHUB_API_URL": "https://a", "DIFFSCOPE_API_URL": "https://b"}, "https://b", id="our variable first"),
    pytest.param("https://c/", {"DIFFSCOPE_API_URL": "https://b"}, "https://c", id="the flag before all, slash off"),
]  # fmt: skip
TOKENS = [
    pytest.param({"GITHUB_TOKEN": "one", "GH_TOKEN": "two"}, "gh", "one", id="GITHUB_TOKEN first"),
    pytest.param({"GH_TOKEN": "two"}, "gh", "two", id="then GH_TOKEN"),
    pytest.param({"GITHUB_TOKEN": ""}, "gh", "gh", id="then gh"),
    pytest.param({}, None, None, id="or none"),
]
REFUSED = [
    pytest.param("ftp://x", {}, "is not an API address", id="another scheme"),
    pytest.param("api.github.com", {}, "is not an API address", id="no scheme"),
    pytest.param("https://user:secret@x", {}, "is not an API address", id="credentials inside"),
    pytest.param("https://x?y=1", {}, "is not an API address", id="a query"),
    pytest.param("https://x:notaport", {}, "is not an API address", id="a broken port"),
    pytest.param("http://ghe.example", {"GITHUB_TOKEN": "t"}, "unencrypted", id="a token in the clear"),
    pytest.param(
        None, {"GITHUB_TOKEN": "a\nb"}, "characters that no token has", id="a token with a line feed"
    ),
]


@pytest.mark.parametrize(("flag", "environ", "expected"), ROOTS)
def test_root(flag: str | None, environ: dict[str, str], expected: str) -> None:
    assert find_access(environ, api_url=flag, ask_gh=lambda _: None).api_url == expected


@pytest.mark.parametrize(("environ", "gh", "expected"), TOKENS)
def test_token(environ: dict[str, str], gh: str | None, expected: str | None) -> None:
    assert find_access(environ, ask_gh=lambda _: gh).token == expected


@pytest.mark.parametrize(("flag", "environ", "message"), REFUSED)
def test_refused(flag: str | None, environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        find_access(environ, api_url=flag, ask_gh=lambda _: None)
    assert caught.value.hint
    assert "secret" not in (caught.value.hint or "")


@pytest.mark.parametrize("host", ["github.com", "www.github.com"])
def test_an_address_of_the_same_host_is_fine(host: str) -> None:
    assert find_access({}, host=host, ask_gh=lambda _: None).api_url == PUBLIC_API


def test_an_address_of_another_host_is_not_asked_here() -> None:
    with pytest.raises(SourceError, match="the address leads to") as caught:
        find_access({"GITHUB_TOKEN": "t"}, host="ghe.example")
    assert (
        caught.value.hint == "if it is a GitHub, name its API: DIFFSCOPE_API_URL=https://ghe.example/api/v3"
    )


def test_gh_is_asked_for_the_host_that_people_see() -> None:
    asked: list[str] = []
    find_access({}, ask_gh=lambda host: asked.append(host) or None)
    find_access({}, api_url="https://ghe.example/api/v3", ask_gh=lambda host: asked.append(host) or None)
    assert asked == ["github.com", "ghe.example"]


def test_the_token_is_in_no_repr() -> None:
    assert "hush" not in repr(find_access({"GITHUB_TOKEN": "hush"}))


def test_loopback_needs_no_encryption() -> None:
    assert find_access({"GITHUB_TOKEN": "t"}, api_url="http://127.0.0.1:8080").token == "t"


GH = """#!/bin/sh
[ "$1 $2 $3 $4" = "auth token --hostname github.com" ] || exit 4
echo from-gh
"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(GH, "from-gh", id="gh gives one"),
        pytest.param("#!/bin/sh\nexit 4\n", None, id="gh is not signed in"),
        pytest.param(None, None, id="there is no gh"),
    ],
)
def test_gh_on_the_path(
    script: str | None, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real program is run, with the arguments that gh takes."""
    if script:
        program = tmp_path / "gh"
        program.write_text(script)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin" if script else str(tmp_path))
    assert find_access({}).token == expected
