"""The open pull requests of a repository: pages of a hundred, and by GraphQL what their reviews came to. What was had is returned, with what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from diffscope.adapters.github.client import PAGE, Client
from diffscope.adapters.github.responses import Label, Side, User
from diffscope.adapters.open_pulls import MOST_PULLS, Decision, OpenPullEntry, OpenPulls
from diffscope.errors import SourceError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_NEXT: Final = lazy_regex(r'<[^>]*>;\s*rel="next"')
_BATCH: Final = 50
_DECISIONS: Final[dict[str, Decision]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes-requested",
    "REVIEW_REQUIRED": "review-required",
}


class _Row(Value, frozen=True, kw_only=True):
    number: int
    title: str
    base: Side
    head: Side
    user: User | None = None
    body: str | None = None
    labels: tuple[Label, ...] = ()
    draft: bool = False
    created_at: str | None = None
    updated_at: str | None = None


class _Node(Value, frozen=True, kw_only=True, rename="camel"):
    number: int
    review_decision: str | None = None


class _Nodes(Value, frozen=True, kw_only=True):
    repository: dict[str, _Node | None] | None = None


def read_github_pulls(client: Client, *, base: str) -> OpenPulls:
    """Return the pull requests that are open against a branch, the newest first; ``missing`` says what cut the list off.

    Raises:
        SourceError: GitHub gave none.
    """
    rows, missing = _rows(client)
    kept = [row for row in {row.number: row for row in rows}.values() if row.base.ref in {base, ""}]
    decisions = _decisions(client, [row.number for row in kept]) if client.access.token else {}
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
        )
        for row in kept
    )
    return OpenPulls(repository=client.access.repository, base=base, pulls=entries, missing=missing)


def _rows(client: Client) -> tuple[list[_Row], str | None]:
    path, rows, page = f"/repos/{client.access.repository}/pulls", list[_Row](), 1
    while True:
        query = {"state": "open", "sort": "created", "direction": "desc", "per_page": PAGE, "page": page}
        try:
            answer = client.get(path, query=query)
            rows += client.decode(answer, tuple[_Row, ...], at=path)
        except SourceError as error:
            if not rows:
                raise
            return rows, f"page {page}: {error.message}"
        if not _NEXT.search(answer.headers.get("link", "")):
            return rows, None
        if len(rows) >= MOST_PULLS:
            return rows[:MOST_PULLS], f"more than {MOST_PULLS:,} are open"
        page += 1


def _decisions(client: Client, numbers: Sequence[int]) -> dict[int, Decision]:
    owner, _, name = client.access.repository.partition("/")
    found: dict[int, Decision] = {}
    try:
        for text in _queries(numbers):
            answer = client.query(text, {"owner": owner, "name": name}, _Nodes)
            nodes = (answer.repository or {}).values() if answer else ()
            found |= {
                node.number: _DECISIONS[node.review_decision]
                for node in nodes
                if node and node.review_decision in _DECISIONS
            }
    except (SourceError, msgspec.ValidationError) as error:
        client.notice(f"{error} (GraphQL); what reviews came to is not known of all")
    return found


def _queries(numbers: Sequence[int]) -> Iterator[str]:
    for at in range(0, len(numbers), _BATCH):
        parts = "\n".join(
            f"p{number}: pullRequest(number: {number}) {{ number reviewDecision }}"
            for number in numbers[at : at + _BATCH]
        )
        yield f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{\n{parts}\n}} }}"
