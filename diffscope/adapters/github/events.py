"""Activity in a repository within a time span: items opened, closed and merged, with comments and reviews.

Four searches, the comments of the span, and one GraphQL query for each 25 items whose paths or titles are still unknown; without a token
these are asked for one by one, the first few of them. Whatever GitHub does not give becomes a gap of the events, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.adapters.github.client import PAGE, Client
from diffscope.adapters.github.responses import (
    Actor,
    FileEntry,
    FoundItem,
    NodeDetail,
    Reviews,
    SearchAnswer,
    SearchComment,
    User,
)
from diffscope.errors import NotFoundError, SourceError
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import message
from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.events import Comment, Events, Item, Review, event_gap
from diffscope.source.model import Gap, GapKind
from diffscope.source.window import Window, stamp

MOST_PATHS: Final = 100
"""Paths of one pull request that are asked for."""
_GHOST: Final = "ghost"
"""What GitHub calls an account that is gone."""
_BATCH: Final = 25
_ALONE: Final = 20
"""Items of each kind that are asked for one by one: 60 requests an hour is all that GitHub gives without a token."""
_REVIEWS: Final = 50
_FRAGMENTS: Final = f"""
fragment issue on Issue {{
  number title body createdAt closedAt authorAssociation author {{ login kind: __typename }} labels(first: 30) {{ nodes {{ name }} }}
}}
fragment pull on PullRequest {{
  number title body createdAt closedAt mergedAt isDraft authorAssociation author {{ login kind: __typename }}
  labels(first: 30) {{ nodes {{ name }} }} files(first: {MOST_PATHS}) {{ totalCount nodes {{ path }} }}
  reviews(last: {_REVIEWS}) {{ nodes {{ state submittedAt author {{ login kind: __typename }} }} }}
}}"""


class Detail(NamedTuple):
    """What more is known of an item: of a pull request its paths, of a stranger all but its comments."""

    item: Item | None = None
    files: tuple[str, ...] | None = None
    is_pull: bool = False
    reviews: tuple[Review, ...] | None = None
    """By GraphQL only."""


class _DetailReader:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._name = client.access.repository
        self.found: dict[int, Detail] = {}
        self.gaps: list[Gap] = []

    def read_batches(self, numbers: Sequence[int]) -> None:
        fields = [f"issueOrPullRequest(number: {number}) {{ ...issue ...pull }}" for number in numbers]
        try:
            for node in self._client.query_fields(
                self._name, fields, NodeDetail, most=_BATCH, fragment=_FRAGMENTS
            ):
                self.found[node.number] = self._detail(node)
        except SourceError as error:
            self._client.notice(f"{error.message} (GraphQL); reading items one by one")

    def read_paths(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            path = f"/repos/{self._name}/pulls/{number}/files"
            rows, is_cut = self._client.get_rows(path, tuple[FileEntry, ...], most=MOST_PATHS)
            if is_cut:
                self._cut(number)
            self.found[number] = Detail(files=tuple(row.filename for row in rows), is_pull=True)

    def read_items(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            try:
                row = self._client.get_value(f"/repos/{self._name}/issues/{number}", FoundItem)
            except NotFoundError:
                continue  # moved to another repository, or deleted since
            self.found[number] = Detail(item=item_of(row), is_pull=row.pull_request is not None)

    def _detail(self, node: NodeDetail) -> Detail:
        files = None
        if node.files is not None:
            files = tuple(each.path for each in node.files.nodes)
            if node.files.totalCount > len(files):
                self._cut(node.number)
        return Detail(
            item=_item_of_node(node), files=files, is_pull=files is not None, reviews=_reviews(node.reviews)
        )

    def _cut(self, number: int) -> None:
        cut = message("gap.paths-cut", number=number, most=MOST_PATHS)
        self.gaps.append(Gap(what="files", message=cut))


def item_of(found: FoundItem) -> Item:
    """Return an issue or a pull request as events hold it."""
    return Item(
        number=found.number,
        title=found.title,
        author=name_of(found.user),
        created_at=found.created_at,
        closed_at=found.closed_at,
        merged_at=found.pull_request.merged_at if found.pull_request else None,
        labels=tuple(sorted(label.name for label in found.labels)),
        body=found.body or "",
        association=found.author_association,
        is_draft=found.draft if found.pull_request else None,
    )


def name_of(user: User | None) -> str:
    """Return the login of an account; GitHub's own name for one that is gone."""
    return user.login if user else _GHOST


def _item_of_node(node: NodeDetail) -> Item:
    return Item(
        number=node.number,
        title=node.title,
        author=_login(node.author),
        created_at=node.createdAt,
        closed_at=node.closedAt,
        merged_at=node.mergedAt,
        labels=tuple(sorted(label.name for label in node.labels.nodes)),
        body=node.body or "",
        association=node.authorAssociation,
        is_draft=node.isDraft,
    )


def _login(author: Actor | None) -> str:
    # REST marks an app's login, GraphQL does not: one account has one name here.
    return f"{author.login}[bot]" if author and author.kind == "Bot" else author.login if author else _GHOST


def _reviews(found: Reviews | None) -> tuple[Review, ...] | None:
    if found is None:
        return None
    return tuple(
        Review(
            author=_login(node.author),
            state=node.state,
            created_at=node.submittedAt,
            is_bot=node.author.kind == "Bot" if node.author else None,
        )
        for node in found.nodes
        if node.submittedAt is not None
    )


_LISTS: Final[tuple[tuple[GapKind, str, str], ...]] = (
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
_NUMBER: Final = lazy_regex(r"/(\d+)$")


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
            gaps=tuple(map(event_gap, dict.fromkeys(self._gaps))),
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
                self._gaps.append(Gap(what=what, message=message("gap.github-failed", error=error.message)))
        if len(errors) == len(_LISTS):
            raise errors[0]

    def _search(self, terms: str, window: Window, what: GapKind) -> Iterator[FoundItem]:
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
                self._gaps.append(Gap(what=what, message=message("gap.search-timed-out")))
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
                self._gaps.append(
                    Gap(what="comments", message=message("gap.github-failed", error=error.message))
                )
        for comments in said.values():
            comments.sort(key=lambda each: (each.created_at, each.author))
        return said

    def _comments(self, path: str) -> Iterator[tuple[int, Comment]]:
        """Yield the comments of the window: GitHub lists those changed since its start, by the time they were written."""
        since, until = stamp(self._window.start), stamp(self._window.end)
        query = {"since": since, "sort": "created", "direction": "asc", "per_page": PAGE}
        for page in range(1, _MOST_PAGES + 1):
            rows = self._client.get_value(path, tuple[SearchComment, ...], query=query | {"page": page})
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
        cut = message("gap.comments-cut", most=_MOST_PAGES * PAGE)
        self._gaps.append(Gap(what="comments", message=cut))

    def _read_details(self, said: dict[int, list[Comment]]) -> None:
        """Ask for the paths of pull requests, and for the items that were only talked about, most comments of people first."""
        talked = {
            number: sum(not each.is_bot for each in said[number])
            for number in said
            if number not in self._items
        }
        strangers = sorted(talked, key=lambda number: (-talked[number], -number))
        pulls = sorted(self._pulls, reverse=True)
        reader = _DetailReader(self._client)
        try:
            if self._client.access.token:
                reader.read_batches([*pulls, *strangers])
            # By REST what GraphQL has not given, and all of it without a token, which GraphQL asks for.
            reader.read_paths([number for number in pulls if number not in reader.found][:_ALONE])
            reader.read_items([number for number in strangers if number not in reader.found][:_ALONE])
        except SourceError as error:
            reader.gaps.append(Gap(what="files", message=message("gap.github-failed", error=error.message)))
        for number, detail in reader.found.items():
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
        self._gaps += reader.gaps

    def _lost(self, pulls: Sequence[int], strangers: Sequence[int]) -> Iterator[Gap]:
        has_token = bool(self._client.access.token)
        blind = [number for number in pulls if self._items[number].files is None]
        if blind:
            code: MessageCode = "gap.paths-unknown" if has_token else "gap.paths-unknown-ask"
            yield Gap(what="files", message=message(code, count=len(blind)))
        untold = [number for number in strangers if number not in self._items]
        if untold:
            code = "gap.comments-left-out" if has_token else "gap.comments-left-out-ask"
            yield Gap(what="comments", message=message(code, count=len(untold)))
