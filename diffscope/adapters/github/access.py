"""Which GitHub, with whose token, and which pull request: a number, a URL or ``owner/repo#N``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from diffscope.errors import ConfigurationError, SourceError, UsageError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.source.profile import UNKNOWN_REPOSITORY, repository_name

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
