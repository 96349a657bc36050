"""The open pull requests of a repository: pages of a hundred, and by GraphQL what their reviews came to. What was had is returned, with what is missing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from diffscope.adapters.github.client import NEXT, PAGE, AnswerStore, Client
from diffscope.adapters.github.responses import Pull
from diffscope.adapters.open_pulls import MOST_PULLS, Decision, OpenPullEntry, OpenPulls
from diffscope.errors import SourceError
from diffscope.source.model import Value

_BATCH: Final = 50
_STANDS: Final = 2 * 3600
"""Seconds that the begun part of a list stands: a rate limit is over in one hour."""
_DECISIONS: Final[dict[str, Decision]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes-requested",
    "REVIEW_REQUIRED": "review-required",
}


class _Node(Value, frozen=True, kw_only=True, rename="camel"):
    number: int
    review_decision: str | None = None


class _Begun(Value, frozen=True, kw_only=True):
    """A list that was cut off: what was had of it."""

    at: float
    page: int
    rows: tuple[Pull, ...]


def read_github_pulls(
    client: Client, *, base: str, closed_days: float = 0, store: AnswerStore | None = None
) -> OpenPulls:
    """Return the pull requests that are open against a branch, the newest first, and those closed without a merge in the last days.

    ``missing`` says what cut the list off; with a ``store`` the next call goes on from there, so that a limit of sixty requests an hour ends
    no list of a hundred pages.

    Raises:
        SourceError: GitHub gave none.
    """
    rows, missing = _rows(client, {"state": "open", "sort": "created", "direction": "desc"}, store)
    if rows and closed_days and missing is None:
        newest = max(row.updated_at or "" for row in rows)
        closed, missing = _closed_rows(client, store, _days_before(newest, closed_days))
        rows = [*rows, *closed]
    kept = [row for row in {row.number: row for row in rows}.values() if row.base.ref in {base, ""}]
    waiting = [row.number for row in kept if row.closed_at is None]
    decisions = _decisions(client, waiting) if client.access.token else {}
    entries = tuple(
        OpenPullEntry(
            number=row.number,
            head=row.head.sha,
            title=row.title,
            body=row.body,
            author=row.user.login if row.user else None,
            labels=tuple(label.name for label in row.labels),
            draft=row.draft,
            opened_at=row.created_at,
            updated_at=row.updated_at,
            decision=decisions.get(row.number),
            closed_at=row.closed_at,
        )
        for row in kept
    )
    return OpenPulls(repository=client.access.repository, base=base, pulls=entries, missing=missing)


def _closed_rows(client: Client, store: AnswerStore | None, since: str) -> tuple[list[Pull], str | None]:
    asked = {"state": "closed", "sort": "updated", "direction": "desc"}
    try:
        rows, missing = _rows(client, asked, store, since=since)
    except SourceError as error:
        return [], f"closed ones: {error.message}"
    kept = [row for row in rows if row.merged_at is None and (row.closed_at or "") >= since]
    return kept, missing and f"closed ones, {missing}"


def _begun(store: AnswerStore | None, key: str) -> _Begun | None:
    """Return the list that was cut off, unless that was long ago."""
    kept = store.recall(key) if store is not None else None
    if kept is None:
        return None
    try:
        begun = msgspec.json.decode(kept[1], type=_Begun)
    except msgspec.MsgspecError:
        return None
    return begun if 0 <= time.time() - begun.at < _STANDS else None


def _days_before(newest: str, days: float) -> str:
    with contextlib.suppress(ValueError, OverflowError):
        return (datetime.fromisoformat(newest) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return newest


def _rows(
    client: Client, asked: Mapping[str, str], store: AnswerStore | None, *, since: str | None = None
) -> tuple[list[Pull], str | None]:
    """Return the rows of all pages, or of those that were updated since; and what cut them off."""
    path = f"/repos/{client.access.repository}/pulls"
    key = f"{client.access.api_url}{path} {asked['state']}"
    begun = _begun(store, key)
    rows, page = (list(begun.rows), begun.page) if begun else (list[Pull](), 1)
    while True:
        try:
            answer = client.get(path, query={**asked, "per_page": PAGE, "page": page})
            rows += client.decode(answer, tuple[Pull, ...], at=path)
        except SourceError as error:
            if not rows:
                raise
            if store is not None:
                kept = _Begun(at=time.time(), page=page, rows=tuple(rows))
                store.keep(key, "", msgspec.json.encode(kept).decode())
            return rows, f"page {page}: {error.message}"
        is_past = since is not None and bool(rows) and (rows[-1].updated_at or "") < since
        if is_past or not NEXT.search(answer.headers.get("link", "")):
            if begun is not None and store is not None:
                store.keep(key, "", "")
            return rows, None
        if len(rows) >= MOST_PULLS:
            return rows[:MOST_PULLS], f"more than {MOST_PULLS:,} are open"
        page += 1


def _decisions(client: Client, numbers: Sequence[int]) -> dict[int, Decision]:
    found: dict[int, Decision] = {}
    fields = [f"pullRequest(number: {number}) {{ number reviewDecision }}" for number in numbers]
    try:
        for node in client.query_fields(client.access.repository, fields, _Node, most=_BATCH):
            if node.review_decision in _DECISIONS:
                found[node.number] = _DECISIONS[node.review_decision]
    except (SourceError, msgspec.ValidationError) as error:
        client.notice(f"{error} (GraphQL); what reviews came to is not known of all")
    return found
