"""Which GitHub, with whose token, and which pull request: a number, a URL or ``owner/repo#N``; errors of GitHub and of the network, translated into ours with a hint."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

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

from diffscope.errors import ConfigurationError, NotFoundError, RemoteError, SourceError, UsageError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.source.profile import UNKNOWN_REPOSITORY, repository_name

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
    404: (
        NotFoundError,
        "not found on GitHub, or hidden from this token",
        "check repository and number",
    ),
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


_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}"
_REPOSITORY = lazy_regex(_NAME)
_SHORT = lazy_regex(rf"(?:({_NAME}))?#?([0-9]{{1,9}})")
_PATH = lazy_regex(rf"/({_NAME})/(?:pull|pulls|issues)/([0-9]{{1,9}})(?:/.*)?")


class PullReference(Value, frozen=True, kw_only=True):
    """One pull request of one repository. ``host`` is set where a URL named one."""

    repository: str
    number: int
    host: str | None = None


def parse_reference(text: str, *, repository: str | None = None) -> PullReference:
    """Return what ``text`` names: ``38450``, ``#38450``, ``owner/repo#38450`` or the address of the page.

    ``repository`` stands in where the form has none. Raises ``UsageError``.
    """
    text = text.strip()
    if "://" in text:
        return _from_url(text)
    match = _SHORT.fullmatch(text)
    if match is None or (match[1] and "#" not in text) or int(match[2]) == 0:
        raise _unreadable(text)
    return PullReference(
        repository=check_repository(match[1]) if match[1] else repository or repository_name(),
        number=int(match[2]),
    )


def check_repository(name: str) -> str:
    """Return ``name`` if it reads ``owner/repo``. Raises ``UsageError``: it becomes part of request paths."""
    if not _REPOSITORY.fullmatch(name) or name.endswith(("/.", "/..")):
        raise UsageError(f"{name!r} names no repository", hint="write it as owner/repo")
    return name


def _from_url(text: str) -> PullReference:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise _unreadable(text) from None
    match = _PATH.fullmatch(parts.path.rstrip("/") or "/")
    if parts.scheme not in {"http", "https"} or host is None or match is None or int(match[2]) == 0:
        raise _unreadable(text)
    return PullReference(repository=check_repository(match[1]), number=int(match[2]), host=host)


def _unreadable(text: str) -> UsageError:
    shown = text if len(text) <= 80 else text[:77] + "..."
    name = repository_name()
    name = "owner/repo" if name == UNKNOWN_REPOSITORY else name
    return UsageError(
        f"{shown!r} names no pull request",
        hint=f"write 38450, #38450, {name}#38450 or https://github.com/{name}/pull/38450",
    )


PUBLIC_API = "https://api.github.com"

_GH_SECONDS = 5
_TOKEN = lazy_regex(r"[\x21-\x7e]{1,1024}")


# A dataclass and not a Value: a token must neither be printed by repr() nor ever be encoded.
@dataclass(frozen=True)
class Access:
    """An API root without a trailing slash, and the token for it; ``None`` reads what everybody may read."""

    api_url: str = PUBLIC_API
    token: str | None = field(default=None, repr=False)
    repository: str = field(default_factory=repository_name)

    @property
    def host(self) -> str:
        """The host that people see: ``github.com`` for the public API."""
        host = urlsplit(self.api_url).hostname or ""
        return host.removeprefix("api.") if host.startswith("api.") else host


def find_access(
    environ: Mapping[str, str],
    *,
    api_url: str | None = None,
    repository: str | None = None,
    host: str | None = None,
    ask_gh: Callable[[str], str | None] | None = None,
) -> Access:
    """Return the access that the flag, the environment and ``gh`` give, in that order.

    The API root is ``api_url``, ``DIFFSCOPE_API_URL``, ``GITHUB_API_URL`` or GitHub's own; the token ``GITHUB_TOKEN``,
    ``GH_TOKEN``, what ``gh auth token`` prints for that host, or none. ``host`` is where a pull request's address
    leads. Raises ``ConfigurationError`` for a root that is no HTTP address and for a token that would cross the
    network unencrypted, ``SourceError`` where the address leads to another host than the root.
    """
    given = api_url or environ.get("DIFFSCOPE_API_URL") or environ.get("GITHUB_API_URL") or PUBLIC_API
    root = _check_root(given)
    name = repository or repository_name()
    bare = Access(api_url=root, repository=name)
    if host is not None and host not in {bare.host, f"www.{bare.host}"}:
        hint = f"if it is a GitHub, name its API: DIFFSCOPE_API_URL=https://{host}/api/v3"
        raise SourceError(f"the address leads to {host}, the API to {bare.host}", hint=hint)
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or (ask_gh or _ask_gh)(bare.host)
    if not token:
        return bare
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError(
            "the GitHub token has characters that no token has",
            hint="look at GITHUB_TOKEN: a line feed or a quote?",
        )
    return Access(api_url=_may_carry_token(root), token=token, repository=name)


def _check_root(text: str) -> str:
    root = text.rstrip("/")
    try:
        parts = urlsplit(root)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(
            f"{text!r} is not an API address",
            hint=f"write {PUBLIC_API}, or https://HOST/api/v3 for GitHub Enterprise",
        )
    return root


def _may_carry_token(root: str) -> str:
    parts = urlsplit(root)
    if parts.scheme == "https" or _is_loopback(parts.hostname or ""):
        return root
    raise ConfigurationError(
        f"the token would go to {parts.hostname} unencrypted",
        hint="use an https:// address, or unset GITHUB_TOKEN",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ask_gh(host: str) -> str | None:
    program = shutil.which("gh")
    if program is None:
        return None
    try:
        found = subprocess.run(  # noqa: S603 - the program that PATH names, fixed arguments
            [program, "auth", "token", "--hostname", host],
            capture_output=True,
            text=True,
            timeout=_GH_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
