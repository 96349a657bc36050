"""Requests that fail, wait, repeat and lie: what becomes of each."""

from __future__ import annotations

import inspect
import logging
import pickle
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests.exceptions
from github.GithubException import BadAttributeException, GithubException, RateLimitExceededExceedsMaxWait

from diffscope.adapters.github.access import Access
from diffscope.adapters.github.client import Client, RetryPolicy
from diffscope.adapters.github.errors import BY_ANSWER, BY_CLASS, FAILURES, translate
from diffscope.adapters.github.responses import FileEntry, Pull
from diffscope.errors import NotFoundError, RemoteError, SourceError
from tests.adapters.github_hosts import TOKEN, hosted, many_files
from tests.github_server import NAME, Fault, Site, refusal, serve

PULL = f"/repos/{NAME}/pulls/7"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(hosted(tmp_path_factory.mktemp("host") / "repo", *many_files(2))) as site:
        yield site


@pytest.fixture
def site(shared: Site) -> Site:
    shared.faults.clear()
    shared.log.clear()
    return shared


class Waits(list[float]):
    """Takes the place of sleeping, and remembers."""


def client(
    site: Site,
    *,
    token: str | None = TOKEN,
    notices: list[str] | None = None,
    waits: Waits | None = None,
    **patience: float,
) -> Client:
    taken = Waits() if waits is None else waits
    return Client(
        Access(api_url=site.url, token=token),
        notice=(notices if notices is not None else []).append,
        patience=RetryPolicy(**patience),
        sleep=taken.append,
    )


FAILED = [
    pytest.param(401, "Bad credentials", {}, RemoteError, ("GitHub did not accept the token", "make a new token"), id="bad token"),
    pytest.param(403, "Resource not accessible", {}, RemoteError, ("GitHub forbids it (403): Resource", "permission"), id="no permission"),
    pytest.param(403, "SAML", {"X-GitHub-SSO": "required"}, RemoteError, ("single sign-on", "authorise"), id="single sign-on"),
    pytest.param(404, "Not Found", {}, NotFoundError, ("not found on GitHub", "check repository"), id="not found"),
    pytest.param(410, "Gone", {}, NotFoundError, ("gone (410)", "turned off"), id="gone"),
    pytest.param(409, "Git Repository is empty.", {}, RemoteError, ("empty or busy", "again"), id="empty repository"),
    pytest.param(418, "I am a teapot", {}, RemoteError, ("GitHub refused the request (418): I am a teapot", "address"), id="unheard of"),
    pytest.param(422, "Validation Failed", {}, RemoteError, ("could not work with", "check number"), id="validation"),
    pytest.param(451, "DMCA", {}, RemoteError, ("for legal reasons (451): DMCA", "--repo PATH"), id="legal reasons"),
    pytest.param(500, "oops", {}, RemoteError, ("GitHub failed (500): oops", "githubstatus"), id="server error"),
    pytest.param(503, "<html>busy</html>", {}, RemoteError, ("GitHub failed (503)", "githubstatus"), id="server error in HTML"),
    pytest.param(429, "slow down", {}, RemoteError, ("too many requests (429)", "wait"), id="too many requests"),
    pytest.param(302, "", {"Location": "https://elsewhere.example/"}, RemoteError, ("unexpected way (302)", "address"), id="redirect"),
    pytest.param(301, "", {"Location": "https://elsewhere.example/x"}, RemoteError, ("elsewhere", "address"), id="moved to another host"),
    pytest.param(403, "API rate limit exceeded for 1.2.3.4.", {}, RemoteError, ("rate limit is used up", "--repo PATH"), id="rate limit"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "headers", "kind", "words"), FAILED)
def test_failure_is_said_in_our_words(
    status: int,
    said: str,
    headers: dict[str, str],
    kind: type[SourceError],
    words: tuple[str, str],
    site: Site,
) -> None:
    body = said if said.startswith("<") else refusal(said)
    site.faults.append(Fault("GET", status, body, headers, times=9))
    with pytest.raises(kind) as caught:
        client(site, tries=1).get_value(PULL, Pull)
    assert words[0] in caught.value.message
    assert words[1] in (caught.value.hint or "")
    assert caught.value.at == f"127.0.0.1 {PULL}" or "/" not in (caught.value.at or "")
    assert pickle.loads(pickle.dumps(caught.value)).message == caught.value.message


def test_without_a_token_the_hint_is_to_get_one(site: Site) -> None:
    site.faults.append(Fault("GET", 404, refusal("Not Found")))
    with pytest.raises(NotFoundError) as caught:
        client(site, token=None).get_value(PULL, Pull)
    assert "GITHUB_TOKEN" in (caught.value.hint or "")


def test_every_exception_of_the_library_has_our_words() -> None:
    """A class that a new PyGithub brings must be thought about before it is met."""
    theirs = {
        kind
        for _, kind in inspect.getmembers(sys.modules["github.GithubException"], inspect.isclass)
        if issubclass(kind, Exception)
    }
    assert theirs == {kind for kind in (*BY_CLASS, *BY_ANSWER) if kind.__module__ == "github.GithubException"}
    assert all(issubclass(kind, FAILURES) for kind in theirs)


def test_every_network_exception_is_caught_and_worded() -> None:
    theirs = [
        kind
        for _, kind in inspect.getmembers(requests.exceptions, inspect.isclass)
        if issubclass(kind, requests.RequestException)
    ]
    assert len(theirs) > 20
    for kind in theirs:
        error = kind("doc", "x", 0) if issubclass(kind, requests.JSONDecodeError) else kind("text")
        assert issubclass(kind, FAILURES)
        assert translate(error, at="x", has_token=True).hint


MADE = [
    pytest.param(GithubException(404, {"message": "a\nb" * 300}, {}), id="a message of many lines is one short line"),
    pytest.param(GithubException(0, "text", None), id="no status, no headers"),
    pytest.param(BadAttributeException("x", int, None), id="an attribute of the wrong type"),
    pytest.param(RateLimitExceededExceedsMaxWait(403, {}, {"X-RateLimit-Reset": "nonsense"}, wait=3.0), id="a reset that is no time"),
    pytest.param(RateLimitExceededExceedsMaxWait(429, {}, {}, wait=3600.0), id="a wait over the cap"),
]  # fmt: skip


@pytest.mark.parametrize("error", MADE)
def test_odd_exceptions_are_worded(error: Exception) -> None:
    found = translate(error, at="x", has_token=False)
    assert len(found.message) < 300
    assert "\n" not in found.message


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_is_tried_again(status: int, site: Site) -> None:
    site.faults.append(Fault("GET", status, times=2))
    assert client(site).get_value(PULL, Pull).number == 7
    assert [one.status for one in site.log] == [status, status, 200]


def test_waits_grow_and_are_said(site: Site) -> None:
    notices: list[str] = []
    waits = Waits()
    site.faults.append(Fault("GET", 502, times=4))
    client(site, notices=notices, waits=waits, tries=4).get_value(PULL, Pull)
    assert waits == [1.0, 2.0, 4.0]
    assert notices == [f"GitHub does not answer; trying again in {wait} s" for wait in (1, 2, 4)]


LIMITS = [
    pytest.param(403, "You have exceeded a secondary rate limit", {"Retry-After": "7"}, [7.0], id="secondary, with the time to wait"),
    pytest.param(403, "You have exceeded a secondary rate limit", {}, [60.0], id="secondary, without"),
    pytest.param(429, "Too many requests", {"Retry-After": "5"}, [5.0], id="429 with the time to wait"),
    pytest.param(403, "API rate limit exceeded", {"X-RateLimit-Reset": "1"}, [], id="primary, and the hour is over"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "headers", "expected"), LIMITS)
def test_a_rate_limit_is_waited_for_as_long_as_github_asks(
    status: int, said: str, headers: dict[str, str], expected: list[float], site: Site
) -> None:
    waits = Waits()
    site.faults.append(Fault("GET", status, refusal(said), headers))
    assert client(site, waits=waits).get_value(PULL, Pull).number == 7
    assert [wait for wait in waits if wait >= 2] == expected


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Retry-After": "3600"}, id="an hour by Retry-After"),
        pytest.param({"X-RateLimit-Reset": str(int(time.time()) + 3600)}, id="an hour by the reset"),
    ],
)
def test_a_wait_over_the_cap_is_an_error_at_once(headers: dict[str, str], site: Site) -> None:
    waits = Waits()
    site.faults.append(Fault("GET", 403, refusal("API rate limit exceeded for user"), headers, times=9))
    with pytest.raises(RemoteError, match="rate limit is used up"):
        client(site, waits=waits, longest_wait=60).get_value(PULL, Pull)
    assert (waits, len(site.log)) == ([], 1)


def test_retry_after_nonsense_is_no_crash(site: Site) -> None:
    site.faults.append(Fault("GET", 429, refusal("x"), {"Retry-After": "soon"}))
    assert client(site).get_value(PULL, Pull).number == 7


@pytest.mark.parametrize("status", [500, 502])
def test_a_creation_is_never_sent_twice_after_a_server_error(status: int, site: Site) -> None:
    """It may have been done; sending it again could do it twice."""
    site.faults.append(Fault("POST", status, times=9))
    with pytest.raises(RemoteError):
        client(site).send("POST", f"/repos/{NAME}/issues/7/comments", {"body": "x"})
    assert len(site.log) == 1


def test_a_creation_that_a_rate_limit_held_up_is_sent_again(site: Site) -> None:
    site.faults.append(
        Fault("POST", 403, refusal("You have exceeded a secondary rate limit"), {"Retry-After": "1"})
    )
    assert client(site).send("POST", f"/repos/{NAME}/issues/7/comments", {"body": "x"}).status == 201


def test_a_broken_connection_is_tried_once_more(site: Site) -> None:
    site.faults.append(Fault("GET", 0))
    assert client(site).get_value(PULL, Pull).number == 7


def test_no_network_is_known_fast() -> None:
    """A closed port, and a name that no resolver knows: seconds, not minutes."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    started = time.monotonic()
    for url in (f"http://127.0.0.1:{port}", "https://api.github.invalid"):
        with pytest.raises(RemoteError) as caught:
            Client(Access(api_url=url)).get_value(PULL, Pull)
        assert caught.value.message == "GitHub could not be reached"
        assert "--repo PATH" in (caught.value.hint or "")
    assert time.monotonic() - started < 5


def test_a_server_that_never_answers_is_a_time_out() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mute = Client(
            Access(api_url=f"http://127.0.0.1:{silent.getsockname()[1]}"),
            patience=RetryPolicy(read=0.2, tries=0),
        )
        with pytest.raises(RemoteError, match="GitHub did not answer in time"):
            mute.get_value(PULL, Pull)


def test_an_unchanged_answer_costs_no_content(site: Site) -> None:
    class Memory(dict[str, tuple[str, str]]):
        def recall(self, key: str) -> tuple[str, str] | None:
            return self.get(key)

        def keep(self, key: str, etag: str, text: str) -> None:
            self[key] = (etag, text)

    asker = Client(Access(api_url=site.url), store=Memory())
    first, second = asker.get(PULL), asker.get(PULL)
    assert first.text == second.text
    assert ([one.status for one in site.log], asker.unchanged, asker.calls) == ([200, 304], 1, 2)


def test_pages_are_read_to_the_end_or_the_cap(site: Site, tmp_path: Path) -> None:
    with serve(hosted(tmp_path / "repo", *many_files(230))) as large:
        counts: list[int] = []
        rows, is_cut = client(large).get_rows(
            f"{PULL}/files", tuple[FileEntry, ...], most=3000, progress=counts.append
        )
        assert (len(rows), is_cut, counts) == (230, False, [100, 200, 230])
        rows, is_cut = client(large).get_rows(f"{PULL}/files", tuple[FileEntry, ...], most=150)
        assert (len(rows), is_cut) == (150, True)


def test_the_library_does_not_write_on_stderr(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    site.faults.append(Fault("GET", 403, refusal("nope")))
    with pytest.raises(RemoteError):
        client(site).get_value(PULL, Pull)
    assert (capfd.readouterr().err, logging.getLogger("github").handlers) == ("", [])
