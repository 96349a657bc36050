"""Paths of pull requests, and items that are known by number alone: by GraphQL in batches, or one by one by REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.adapters.github.answers import (
    Actor,
    FileEntry,
    FoundItem,
    NodeDetail,
    RepositoryNodes,
    Reviews,
    User,
)
from diffscope.adapters.github.client import Client
from diffscope.errors import NotFoundError, SourceError
from diffscope.products.report.dynamics.events import Item, Review
from diffscope.source.model import Gap

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


class Details(NamedTuple):
    """Details by number, and what GitHub did not give."""

    items: Mapping[int, Detail]
    gaps: tuple[Gap, ...]


def read_details(client: Client, pulls: Sequence[int], strangers: Sequence[int]) -> Details:
    """Return the paths of ``pulls`` and what there is of ``strangers``. Never raises: what is not had is left out."""
    reader = _Reader(client)
    try:
        if client.access.token:
            reader.read_batches([*pulls, *strangers])
        # By REST what GraphQL has not given, and all of it without a token, which GraphQL asks for.
        reader.read_paths([number for number in pulls if number not in reader.found][:_ALONE])
        reader.read_items([number for number in strangers if number not in reader.found][:_ALONE])
    except SourceError as error:
        reader.gaps.append(Gap(what="files", reason=error.message))
    return Details(reader.found, tuple(reader.gaps))


class _Reader:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._name = client.access.repository
        self.found: dict[int, Detail] = {}
        self.gaps: list[Gap] = []

    def read_batches(self, numbers: Sequence[int]) -> None:
        owner, _, name = self._name.partition("/")
        for at in range(0, len(numbers), _BATCH):
            text = _query(numbers[at : at + _BATCH])
            try:
                answer = self._client.query(text, {"owner": owner, "name": name}, RepositoryNodes)
            except SourceError as error:
                self._client.notice(f"{error.message} (GraphQL); reading items one by one")
                return
            for node in (answer.repository or {} if answer else {}).values():
                if node is not None:
                    self.found[node.number] = self._detail(node)

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
        reason = f"of #{number} only the first {MOST_PATHS} paths were read"
        self.gaps.append(Gap(what="files", reason=reason))


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


def _query(numbers: Sequence[int]) -> str:
    items = "\n".join(
        f"i{each}: issueOrPullRequest(number: {each}) {{ ...issue ...pull }}" for each in numbers
    )
    return (
        "query($owner: String!, $name: String!) {\nrepository(owner: $owner, name: $name) {\n"
        f"{items}\n}}\n}}{_FRAGMENTS}"
    )
