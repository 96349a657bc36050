"""Translates errors of GitHub and of the network into ours, each with a hint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import requests.exceptions as network
from github.GithubException import (
    BadAttributeException,
    BadCredentialsException,
    BadUserAgentException,
    GithubException,
    IncompletableObject,
    RateLimitExceededExceedsMaxWait,
    RateLimitExceededException,
    TwoFactorException,
    UnknownObjectException,
)
from urllib3.exceptions import ReadTimeoutError

from diffscope.errors import NotFoundError, RemoteError, SourceError

TOKEN_HINT = "set GITHUB_TOKEN to a token that may read the repository, or run: gh auth login"  # noqa: S105 - a sentence
OFFLINE_HINT = "check the network, or use a clone: --repo PATH"
ADDRESS_HINT = "check the API address"

FAILURES: tuple[type[Exception], ...] = (
    GithubException,
    BadAttributeException,
    network.RequestException,
    # PyGithub raises these itself: a redirect to another host, a redirect loop, a next page elsewhere, broken JSON.
    RuntimeError,
    AssertionError,
    ValueError,
)
"""Every exception that a request through PyGithub may raise."""

BY_CLASS: Mapping[type[Exception], tuple[str, str]] = {
    BadCredentialsException: ("GitHub did not accept the token", "make a new token, or unset GITHUB_TOKEN"),
    TwoFactorException: ("GitHub asks for a second factor", "use a personal access token, not a password"),
    BadUserAgentException: (
        "GitHub refused the name of this client",
        "does a proxy drop the User-Agent header?",
    ),
    BadAttributeException: ("GitHub's answer is not as documented", ADDRESS_HINT),
    IncompletableObject: ("GitHub's answer is not as documented", ADDRESS_HINT),
    network.SSLError: (
        "the TLS certificate cannot be verified",
        "name your certificates: REQUESTS_CA_BUNDLE=FILE",
    ),
    network.ProxyError: ("the proxy could not be reached", "check HTTPS_PROXY and NO_PROXY"),
    network.Timeout: ("GitHub did not answer in time", OFFLINE_HINT),
    network.ConnectionError: ("GitHub could not be reached", OFFLINE_HINT),
    network.RequestException: ("the connection to GitHub broke", OFFLINE_HINT),
    RuntimeError: ("GitHub sends the request elsewhere", ADDRESS_HINT),
    AssertionError: ("GitHub sends the request elsewhere", ADDRESS_HINT),
    ValueError: ("GitHub's answer cannot be read", ADDRESS_HINT),
}
"""Message and hint of the classes that mean one thing. A class without a row is found by its bases."""

BY_ANSWER = (
    GithubException,
    UnknownObjectException,
    RateLimitExceededException,
    RateLimitExceededExceedsMaxWait,
)
"""The classes whose status and headers decide."""

BY_STATUS: Mapping[int, tuple[type[SourceError], str, str | None]] = {
    401: (RemoteError, "GitHub did not accept the token", "make a new token, or unset GITHUB_TOKEN"),
    403: (RemoteError, "GitHub forbids it", "give the token the permission that the message names"),
    404: (NotFoundError, "not found on GitHub, or hidden from this token", "check repository and number"),
    406: (RemoteError, "GitHub cannot make a diff that large", "use a clone: --repo PATH"),
    409: (RemoteError, "the repository is empty or busy", "try again in a minute"),
    410: (NotFoundError, "GitHub says that it is gone", "the repository may have this feature turned off"),
    422: (RemoteError, "GitHub could not work with the request", "check number, labels and commit"),
    429: (
        RemoteError,
        "GitHub got too many requests",
        "wait some minutes; with a token the limit is far higher",
    ),
    451: (RemoteError, "GitHub may not show it for legal reasons", "use a clone: --repo PATH"),
}
"""Kind, message and hint by HTTP status. Without a token, the hint for 403 and 404 is to get one."""


def translate(error: Exception, *, at: str, has_token: bool) -> SourceError:
    """Return our error for one of ``FAILURES``. ``at`` names what was asked for."""
    if isinstance(error, RateLimitExceededException):
        return _limited(error, at=at, has_token=has_token)
    # A read that timed out at the last try comes as a connection that failed.
    reason = getattr(error.args[0], "reason", None) if error.args else None
    for kind in (network.Timeout if isinstance(reason, ReadTimeoutError) else type(error)).__mro__:
        if kind in BY_CLASS:
            message, hint = BY_CLASS[kind]
            return RemoteError(f"{message}{_detail(error)}", at=at, hint=hint)
        if kind is GithubException:
            break
    return _answered(error, at=at, has_token=has_token)


def message_of(error: Exception) -> str:
    """Return GitHub's own sentence, as far as it gave one."""
    data = getattr(error, "data", None)
    message = data.get("message") if isinstance(data, dict) else None
    return _short(message) if isinstance(message, str) else ""


def _limited(error: RateLimitExceededException, *, at: str, has_token: bool) -> SourceError:
    reset, wait = _headers(error).get("x-ratelimit-reset"), getattr(error, "wait", None)
    when = f"; it ends at {_clock(reset)}" if reset else ""
    when = when or (f"; it asks to wait {wait:.0f} s" if wait else "")
    hint = "wait, or use a clone: --repo PATH" if has_token else f"{TOKEN_HINT} (60 requests an hour without)"
    return RemoteError(f"GitHub's rate limit is used up{when}", at=at, hint=hint)


def _answered(error: Exception, *, at: str, has_token: bool) -> SourceError:
    status = int(getattr(error, "status", 0) or 0)
    if "x-github-sso" in _headers(error):
        return RemoteError(
            "the organisation asks for single sign-on",
            at=at,
            hint="authorise the token for it on its GitHub page",
        )
    said = f": {message}" if (message := message_of(error)) else ""
    if status in BY_STATUS:
        kind, text, hint = BY_STATUS[status]
        hint = TOKEN_HINT if status in {403, 404} and not has_token else hint
        return kind(f"{text} ({status}){said}", at=at, hint=hint)
    if status >= 500:
        return RemoteError(
            f"GitHub failed ({status}){said}", at=at, hint="try again later: www.githubstatus.com"
        )
    if status >= 400:
        return RemoteError(f"GitHub refused the request ({status}){said}", at=at, hint=ADDRESS_HINT)
    return RemoteError(f"GitHub answered in an unexpected way ({status})", at=at, hint=ADDRESS_HINT)


def _headers(error: Exception) -> dict[str, str]:
    return {key.lower(): value for key, value in (getattr(error, "headers", None) or {}).items()}


def _clock(seconds: str) -> str:
    try:
        return datetime.fromtimestamp(int(float(seconds)), tz=UTC).strftime("%H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def _detail(error: Exception) -> str:
    # A library's text of a network error is a page of nested reprs; of the rest one line is worth reading.
    return f": {_short(str(error))}" if isinstance(error, (RuntimeError, ValueError)) and str(error) else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:197] + "..."
