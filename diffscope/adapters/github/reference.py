"""The forms in which people name a pull request: a number, a URL, ``owner/repo#N``."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from diffscope.errors import UsageError
from diffscope.source.model import Value

DEFAULT_REPOSITORY = "vllm-project/vllm"

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}"
_REPOSITORY = re.compile(_NAME)
_SHORT = re.compile(rf"(?:({_NAME}))?#?([0-9]{{1,9}})")
_PATH = re.compile(rf"/({_NAME})/(?:pull|pulls|issues)/([0-9]{{1,9}})(?:/.*)?")


class PullReference(Value, frozen=True, kw_only=True):
    """One pull request of one repository. ``host`` is set where a URL named one."""

    repository: str
    number: int
    host: str | None = None


def parse_reference(text: str, *, repository: str = DEFAULT_REPOSITORY) -> PullReference:
    """Return what ``text`` names: ``38450``, ``#38450``, ``owner/repo#38450`` or the address of the page.

    ``repository`` stands in where the form has none. Raises ``UsageError``.
    """
    text = text.strip()
    if "://" in text:
        return _from_url(text)
    match = _SHORT.fullmatch(text)
    if match is None or (match[1] and "#" not in text) or int(match[2]) == 0:
        raise _unreadable(text)
    return PullReference(repository=check_repository(match[1] or repository), number=int(match[2]))


def check_repository(name: str) -> str:
    """Return ``name`` if it reads ``owner/repo``. Raises ``UsageError``: it becomes part of request paths."""
    if not _REPOSITORY.fullmatch(name) or name.endswith(("/.", "/..")):
        raise UsageError(f"{name!r} names no repository", hint="write it as owner/repo: vllm-project/vllm")
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
    return UsageError(
        f"{shown!r} names no pull request",
        hint="write 38450, #38450, vllm-project/vllm#38450 or https://github.com/vllm-project/vllm/pull/38450",
    )
