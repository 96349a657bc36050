"""What happened in a repository in a span of time: what was opened, closed, merged, and who said how much about it.

Four searches, the comments of the span, and one GraphQL query for each 25 items whose paths or titles are still unknown; without a token
these are asked for one by one, the first few of them. Whatever GitHub does not give becomes a gap of the events, never a zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from diffscope.adapters.github.answers import FoundItem, SaidComment, SearchAnswer
from diffscope.adapters.github.client import PAGE, Client
from diffscope.adapters.github.event_details import item_of, name_of, read_details
from diffscope.errors import SourceError
from diffscope.products.report.dynamics.events import Comment, Events, Item
from diffscope.source.model import Gap
from diffscope.source.window import Window, stamp

_LISTS: Final = (
    ("new-issues", "is:issue", "created"),
    ("closed-issues", "is:issue", "closed"),
    ("new-pulls", "is:pr", "created"),
    ("closed-pulls", "is:pr", "closed"),
)
_MOST_FOUND: Final = 1000
"""Results that GitHub's search shows of any number; a span with more is halved."""
_MOST_PAGES: Final = 50
"""Pages of comments, a hundred on each: more than vLLM has in a day."""
_TEXT: Final = 2000
"""Characters of a comment that are kept."""
_NUMBER: Final = re.compile(r"/(\d+)$")


def read_github_events(client: Client, window: Window) -> Events:
    """Return what happened in a window.

    Raises:
        SourceError: GitHub gives none of the lists. Where it gives some of it, the rest is in ``gaps``.
    """
    return _Reader(client, window).read()


class _Reader:
    def __init__(self, client: Client, window: Window) -> None:
        self._client = client
        self._window = window
        self._name = client.access.repository
        self._items: dict[int, Item] = {}
        self._pulls: set[int] = set()
        self._gaps: list[Gap] = []

    def read(self) -> Events:
        self._read_lists()
        said = self._read_comments()
        self._read_details(said)
        items = [
            msgspec.structs.replace(item, comments=tuple(said.get(number, ())))
            for number, item in sorted(self._items.items(), reverse=True)
        ]
        return Events(
            repository=self._name,
            since=stamp(self._window.start),
            until=stamp(self._window.end),
            issues=tuple(item for item in items if item.number not in self._pulls),
            pulls=tuple(item for item in items if item.number in self._pulls),
            gaps=tuple(dict.fromkeys(self._gaps)),
        )

    def _read_lists(self) -> None:
        errors: list[SourceError] = []
        for what, kind, word in _LISTS:
            try:
                for found in self._search(f"repo:{self._name} {kind} {word}", self._window, what):
                    self._items[found.number] = item_of(found)
                    if found.pull_request is not None:
                        self._pulls.add(found.number)
            except SourceError as error:
                errors.append(error)
                self._gaps.append(Gap(what=what, reason=error.message))
        if len(errors) == len(_LISTS):
            raise errors[0]

    def _search(self, terms: str, window: Window, what: str) -> Iterator[FoundItem]:
        # The last second of a search is included, the end of a window is not.
        query = {"q": f"{terms}:{stamp(window.start)}..{stamp(window.end - 1)}", "per_page": PAGE}
        page = 1
        while True:
            answer = self._client.get_value("/search/issues", SearchAnswer, query=query | {"page": page})
            if page == 1 and answer.total_count > _MOST_FOUND and window.end - window.start > 1:
                middle = (window.start + window.end) // 2
                yield from self._search(terms, Window(start=window.start, end=middle), what)
                yield from self._search(terms, Window(start=middle, end=window.end), what)
                return
            if answer.incomplete_results:
                reason = "GitHub's search ran out of time and gave a part"
                self._gaps.append(Gap(what=what, reason=reason))
            yield from answer.items
            if page * PAGE >= min(answer.total_count, _MOST_FOUND):
                return
            page += 1

    def _read_comments(self) -> dict[int, list[Comment]]:
        said: dict[int, list[Comment]] = {}
        for path in (f"/repos/{self._name}/issues/comments", f"/repos/{self._name}/pulls/comments"):
            try:
                for number, comment in self._comments(path):
                    said.setdefault(number, []).append(comment)
            except SourceError as error:
                self._gaps.append(Gap(what="comments", reason=error.message))
        for comments in said.values():
            comments.sort(key=lambda each: (each.created_at, each.author))
        return said

    def _comments(self, path: str) -> Iterator[tuple[int, Comment]]:
        """Yield the comments of the window: GitHub lists those changed since its start, by the time they were written."""
        since, until = stamp(self._window.start), stamp(self._window.end)
        query = {"since": since, "sort": "created", "direction": "asc", "per_page": PAGE}
        for page in range(1, _MOST_PAGES + 1):
            rows = self._client.get_value(path, tuple[SaidComment, ...], query=query | {"page": page})
            for row in rows:
                number = _NUMBER.search(row.issue_url or row.pull_request_url or "")
                if number is not None and since <= row.created_at < until:
                    is_bot = row.user.type == "Bot" if row.user else None
                    comment = Comment(
                        author=name_of(row.user),
                        created_at=row.created_at,
                        is_bot=is_bot,
                        association=row.author_association,
                        text=(row.body or "")[:_TEXT],
                    )
                    yield int(number[1]), comment
            if len(rows) < PAGE or rows[-1].created_at >= until:
                return
        reason = f"more than {_MOST_PAGES * PAGE:,} comments changed since: the rest was not read"
        self._gaps.append(Gap(what="comments", reason=reason))

    def _read_details(self, said: dict[int, list[Comment]]) -> None:
        """Ask for the paths of pull requests, and for the items that were only talked about, most comments of people first."""
        talked = {
            number: sum(not each.is_bot for each in said[number])
            for number in said
            if number not in self._items
        }
        strangers = sorted(talked, key=lambda number: (-talked[number], -number))
        pulls = sorted(self._pulls, reverse=True)
        found = read_details(self._client, pulls, strangers)
        for number, detail in found.items.items():
            known = self._items.get(number)
            is_pull = detail.files is not None or detail.is_pull
            if known is not None:
                self._items[number] = msgspec.structs.replace(
                    known, files=detail.files, reviews=detail.reviews
                )
            elif detail.item is not None:
                self._items[number] = msgspec.structs.replace(
                    detail.item, files=detail.files, reviews=detail.reviews
                )
                self._pulls |= {number} if is_pull else set()
        self._gaps += self._lost(pulls, strangers)
        self._gaps += found.gaps

    def _lost(self, pulls: Sequence[int], strangers: Sequence[int]) -> Iterator[Gap]:
        hint = "" if self._client.access.token else "; with GITHUB_TOKEN more can be asked for"
        blind = [number for number in pulls if self._items[number].files is None]
        if blind:
            yield Gap(
                what="files", reason=f"of {len(blind)} pull requests the changed paths are not known{hint}"
            )
        untold = [number for number in strangers if number not in self._items]
        if untold:
            yield Gap(
                what="comments",
                reason=f"{len(untold)} older items with comments in the window are left out{hint}",
            )
