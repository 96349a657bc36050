"""Where the remotes of a clone lead: which repository it is a clone of."""

from __future__ import annotations

import re
from typing import Final

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import is_there, read_bytes
from diffscope.errors import DiffscopeError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_LARGEST: Final = 4_000_000
_SECTION: Final = lazy_regex(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_URL: Final = lazy_regex(r"\s*url\s*=\s*(.*?)\s*$", re.IGNORECASE)
_LEADS: Final = lazy_regex(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]+@)?(?P<host>[\w.-]+)(?::\d+)?/|(?:[^@/\s]+@)?(?P<short>[\w.-]+):)"
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?"
)
_FIRST: Final = ("origin", "upstream")


class Remote(Value, frozen=True, kw_only=True):
    """A remote by its name, and the ``owner/repo`` that its address leads to."""

    name: str
    repository: str
    host: str


def repository_of(address: str) -> str | None:
    """Return the ``owner/repo`` that an address leads to; ``None`` for one that is none of a repository on a host."""
    led = _LEADS.fullmatch(address)
    return led["name"] if led else None


def remotes(repository: GitRepository) -> tuple[Remote, ...]:
    """Return the remotes whose address names a repository on a host, ``origin`` and ``upstream`` first.

    Read is the clone's own file of settings and no other: starting git for it would take longer than all the rest.
    """
    file = repository.common_dir / "config"
    try:
        text = (
            read_bytes(file, most=_LARGEST, hint="git config --list").decode("utf-8", "replace")
            if is_there(file)
            else ""
        )
    except (DiffscopeError, OSError):
        return ()
    found: dict[str, Remote] = {}
    section = name = ""
    for line in text.split("\n"):
        if (head := _SECTION.match(line)) is not None:
            section, name = head[1].lower(), head[2] or ""
        elif section == "remote" and name not in found and (written := _URL.match(line)) is not None:
            led = _LEADS.fullmatch(written[1].strip('"'))
            if led is not None:
                host = (led["host"] or led["short"]).lower()
                found[name] = Remote(name=name, repository=led["name"], host=host)
    return tuple(sorted(found.values(), key=lambda each: (each.name not in _FIRST, each.name)))
