"""GitHub logins of commit authors, as far as their e-mail addresses tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from diffscope.adapters.git.repository import GitRepository
from diffscope.source.model import CommitId

_NO_REPLY = re.compile(r"(?:\d+\+)?([A-Za-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com", re.IGNORECASE)


def logins_of(repository: GitRepository, commits: Iterable[CommitId]) -> dict[str, str]:
    """Return author name -> login for authors whose commits carry GitHub's no-reply address."""
    found: dict[str, str] = {}
    for info in repository.commits(commits).values():
        match = _NO_REPLY.fullmatch(info.author_email) if info is not None else None
        if info is not None and match is not None and info.author:
            found[info.author] = match[1]
    return found
