"""Responses of GitHub's API, as far as diffscope reads them. Field names are GitHub's; other fields are ignored."""

from __future__ import annotations

import msgspec

from diffscope.source.model import Value


class User(Value, frozen=True, kw_only=True):
    """An account; a deleted one is ``None`` where it stood."""

    login: str
    type: str = "User"


class Repository(Value, frozen=True, kw_only=True):
    """A repository by its present name."""

    full_name: str
    default_branch: str = "main"


class Side(Value, frozen=True, kw_only=True):
    """Base or head of a pull request. The repository of a deleted fork is ``None``."""

    sha: str
    ref: str = ""
    repo: Repository | None = None


class Label(Value, frozen=True, kw_only=True):
    """A label on a pull request."""

    name: str


class Pull(Value, frozen=True, kw_only=True):
    """A pull request."""

    number: int
    title: str
    base: Side
    head: Side
    state: str = ""
    html_url: str | None = None
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    merged_at: str | None = None
    changed_files: int = 0
    draft: bool = False
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None


class FileEntry(Value, frozen=True, kw_only=True):
    """One changed file. ``patch`` is absent for binary files and for those that GitHub finds too large."""

    filename: str
    status: str
    additions: int
    deletions: int
    changes: int
    sha: str | None = None
    previous_filename: str | None = None
    patch: str | None = None


class TreePointer(Value, frozen=True, kw_only=True):
    """The tree of a commit."""

    sha: str


class CommitBody(Value, frozen=True, kw_only=True):
    """The git part of a commit."""

    tree: TreePointer


class Commit(Value, frozen=True, kw_only=True):
    """A commit."""

    sha: str
    commit: CommitBody


class Comparison(Value, frozen=True, kw_only=True):
    """Two commits compared: their merge base, and at most 300 files."""

    merge_base_commit: Commit
    files: tuple[FileEntry, ...] = ()


class TreeNode(Value, frozen=True, kw_only=True):
    """One entry of a tree. ``size`` is known for blobs."""

    path: str
    mode: str
    type: str
    sha: str
    size: int | None = None


class Tree(Value, frozen=True, kw_only=True):
    """A tree, whole unless ``truncated``."""

    sha: str
    tree: tuple[TreeNode, ...]
    truncated: bool = False


class Blob(Value, frozen=True, kw_only=True):
    """One blob."""

    sha: str
    content: str
    encoding: str


class BlobText(Value, frozen=True, kw_only=True):
    """One blob as the GraphQL interface gives it: no text for a binary one."""

    oid: str
    text: str | None = None
    isTruncated: bool = False  # noqa: N815 - GitHub's name


class Comment(Value, frozen=True, kw_only=True):
    """A comment on an issue or a pull request."""

    id: int
    body: str | None = None
    user: User | None = None
    html_url: str = ""


class CheckRun(Value, frozen=True, kw_only=True):
    """A check run."""

    id: int
    name: str
    head_sha: str
    status: str = ""
    external_id: str | None = None


class CheckRuns(Value, frozen=True, kw_only=True):
    """Check runs of a commit."""

    check_runs: tuple[CheckRun, ...] = ()


class QueryProblem(Value, frozen=True, kw_only=True):
    """One error of a GraphQL query."""

    message: str = ""
    type: str | None = None


class QueryAnswer(Value, frozen=True, kw_only=True):
    """What a GraphQL query gives, its data still encoded."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: tuple[QueryProblem, ...] = ()


class FoundPull(Value, frozen=True, kw_only=True):
    """What an issue tells of the pull request that it is."""

    merged_at: str | None = None


class FoundItem(Value, frozen=True, kw_only=True):
    """An issue or a pull request, as searches and the issues interface give it."""

    number: int
    title: str
    created_at: str
    closed_at: str | None = None
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    pull_request: FoundPull | None = None
    draft: bool | None = None
    author_association: str | None = None


class SearchAnswer(Value, frozen=True, kw_only=True):
    """One page of a search."""

    total_count: int
    incomplete_results: bool = False
    items: tuple[FoundItem, ...] = ()


class SearchComment(Value, frozen=True, kw_only=True):
    """A comment in the list of a whole repository: on an issue, a pull request, or a line of one."""

    created_at: str
    user: User | None = None
    issue_url: str | None = None
    pull_request_url: str | None = None
    body: str | None = None
    author_association: str | None = None


class Actor(Value, frozen=True, kw_only=True):
    """Who did something, as the GraphQL interface gives it; ``kind`` is ``User``, ``Bot`` ..."""

    login: str
    kind: str = "User"


class Labels(Value, frozen=True, kw_only=True):
    """The first labels of an item."""

    nodes: tuple[Label, ...] = ()


class PathNode(Value, frozen=True, kw_only=True):
    """One changed path."""

    path: str


class Paths(Value, frozen=True, kw_only=True):
    """The first changed paths of a pull request, and how many there are."""

    totalCount: int  # noqa: N815 - GitHub's names, here and below
    nodes: tuple[PathNode, ...] = ()


class ReviewNode(Value, frozen=True, kw_only=True):
    """One review of a pull request; one that is not sent yet has no time."""

    state: str
    author: Actor | None = None
    submittedAt: str | None = None  # noqa: N815


class Reviews(Value, frozen=True, kw_only=True):
    """The newest reviews of a pull request."""

    nodes: tuple[ReviewNode, ...] = ()


class NodeDetail(Value, frozen=True, kw_only=True):
    """An issue or a pull request, as the GraphQL interface gives it; only a pull request has ``files``."""

    number: int
    title: str
    createdAt: str  # noqa: N815
    closedAt: str | None = None  # noqa: N815
    mergedAt: str | None = None  # noqa: N815
    body: str | None = None
    author: Actor | None = None
    authorAssociation: str | None = None  # noqa: N815
    labels: Labels = Labels()
    isDraft: bool | None = None  # noqa: N815
    files: Paths | None = None
    reviews: Reviews | None = None
