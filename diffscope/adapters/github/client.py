"""One connection to one GitHub: requests out, decoded answers back, every failure in our words."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, cast

import msgspec
from github.Auth import Token
from github.GithubException import GithubException
from github.Requester import Requester

from diffscope.adapters.github.access import Access
from diffscope.adapters.github.answers import QueryAnswer
from diffscope.adapters.github.errors import FAILURES, message_of, translate
from diffscope.adapters.github.retry import Notice, Patience, PatientRetry, Sleep
from diffscope.errors import RemoteError
from diffscope.source.model import Value
from diffscope.version import VERSION

T = TypeVar("T")

JSON = "application/vnd.github+json"
DIFF = "application/vnd.github.diff"
PAGE = 100
"""Rows a page: the most that GitHub gives."""

_API_VERSION = "2022-11-28"
_NEXT = re.compile(r'<[^>]*>;\s*rel="next"')


class Answer(Value, frozen=True, kw_only=True):
    """An answer of GitHub. ``status`` is 2xx, or one that the caller allowed."""

    status: int
    text: str
    headers: dict[str, str]
    """Names in lower case."""


class AnswerStore(Protocol):
    """Remembers answers with their ETags, so that an unchanged one costs nothing of the rate limit."""

    def recall(self, key: str) -> tuple[str, str] | None:
        """Return the ETag and the text that were kept."""

    def keep(self, key: str, etag: str, text: str) -> None:
        """Keep an answer; an empty ETag means that it can never change."""


class Client:
    """Speaks to the GitHub of ``access``. ``calls`` counts requests, ``unchanged`` those answered by 304."""

    def __init__(
        self,
        access: Access,
        *,
        store: AnswerStore | None = None,
        notice: Notice = lambda _: None,
        patience: Patience | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        _quieten_library()
        patience = patience or Patience()
        self.access = access
        self.calls = 0
        self.unchanged = 0
        self.notice = notice
        self._store = store
        self._requester = Requester(
            auth=Token(access.token) if access.token else None,
            base_url=access.api_url,
            # requests takes a pair (connect, read), PyGithub hands it through.
            timeout=cast("int", (patience.connect, patience.read)),
            user_agent=f"diffscope/{VERSION}",
            per_page=PAGE,
            verify=True,
            retry=PatientRetry.make(patience, notice=notice, sleep=sleep),
            pool_size=None,
            api_version=_API_VERSION,
        )

    def close(self) -> None:
        """Close the connection."""
        self._requester.close()

    def get(
        self,
        path: str,
        *,
        accept: str = JSON,
        query: Mapping[str, object] | None = None,
        allow: frozenset[int] = frozenset(),
    ) -> Answer:
        """Return what stands at ``path``; conditional where an earlier answer is kept. Raises ``SourceError``."""
        key = f"{self.access.api_url} {accept} {path} {sorted((query or {}).items())}"
        kept = self._store.recall(key) if self._store is not None else None
        headers = {"Accept": accept} | ({"If-None-Match": kept[0]} if kept and kept[0] else {})
        answer = self._request("GET", path, headers=headers, query=query, allow=allow | {304})
        if answer.status == 304 and kept:
            self.unchanged += 1
            return Answer(status=200, text=kept[1], headers=answer.headers)
        if self._store is not None and answer.status == 200 and (etag := answer.headers.get("etag")):
            self._store.keep(key, etag, answer.text)
        return answer

    def get_value(self, path: str, kind: type[T], *, query: Mapping[str, object] | None = None) -> T:
        """Return what stands at ``path``, decoded. Raises ``SourceError``."""
        return self.decode(self.get(path, query=query), kind, at=path)

    def get_forever(self, path: str, kind: type[T], *, query: Mapping[str, object] | None = None) -> T:
        """Return what stands at ``path`` and can never change, because the path names commits or trees by id."""
        key = f"{self.access.api_url} forever {path} {sorted((query or {}).items())}"
        kept = self._store.recall(key) if self._store is not None else None
        if kept is None:
            text = self._request("GET", path, headers={"Accept": JSON}, query=query).text
            value = self._decode(text, kind, at=path)
            if self._store is not None:
                self._store.keep(key, "", text)
            return value
        return self._decode(kept[1], kind, at=path)

    def get_rows(
        self,
        path: str,
        kind: type[tuple[T, ...]],
        *,
        most: int,
        progress: Callable[[int], None] = lambda _: None,
    ) -> tuple[tuple[T, ...], bool]:
        """Return the rows of all pages, and whether ``most`` cut them off."""
        rows: list[T] = []
        page = 1
        while True:
            answer = self.get(path, query={"per_page": PAGE, "page": page})
            rows.extend(self.decode(answer, kind, at=path))
            progress(len(rows))
            if not _NEXT.search(answer.headers.get("link", "")):
                return tuple(rows[:most]), len(rows) > most
            if len(rows) >= most:
                return tuple(rows[:most]), True
            page += 1

    def send(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        allow: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send a change (POST, PATCH, PUT, DELETE). Raises ``SourceError`` for a status that is not in ``allow``."""
        return self._request(verb, path, headers={"Accept": JSON}, body=body, allow=allow)

    def query(self, text: str, variables: Mapping[str, Any], kind: type[T]) -> T | None:
        """Return the data of a GraphQL query; ``None`` where GitHub gives none. Raises ``SourceError``."""
        body = {"query": text, "variables": dict(variables)}
        answer = self._request("POST", self._requester.graphql_url, headers={"Accept": JSON}, body=body)
        found = self.decode(answer, QueryAnswer, at="graphql")
        data = bytes(found.data)
        return None if data == b"null" else self._decode(data, kind, at="graphql")

    def decode(self, answer: Answer, kind: type[T], *, at: str) -> T:
        """Return the body of ``answer``. Raises ``RemoteError`` where it is not as documented."""
        return self._decode(answer.text, kind, at=at)

    def _decode(self, text: str | bytes, kind: type[T], *, at: str) -> T:
        try:
            return msgspec.json.decode(text, type=kind)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise RemoteError(
                f"GitHub's answer is not as documented: {error}",
                at=self._place(at),
                hint="check the API address; a proxy or a sign-in page may have answered",
            ) from None

    def _request(
        self,
        verb: str,
        path: str,
        *,
        headers: dict[str, str],
        query: Mapping[str, object] | None = None,
        body: Mapping[str, Any] | None = None,
        allow: frozenset[int] = frozenset(),
    ) -> Answer:
        self.calls += 1
        try:
            status, found, text = self._requester.requestJson(
                verb, path, dict(query) if query else None, headers, dict(body) if body is not None else None
            )
        except FAILURES as error:
            if isinstance(error, GithubException) and error.status in allow:
                return Answer(status=error.status, text=message_of(error), headers={})
            raise translate(error, at=self._place(path), has_token=bool(self.access.token)) from error
        if 200 <= status < 300 or status in allow:
            return Answer(status=status, text=text, headers=found)
        refusal = Requester.createException(status, found, _message(text))
        raise translate(refusal, at=self._place(path), has_token=bool(self.access.token))

    def _place(self, path: str) -> str:
        return f"{self.access.host} {path}" if path.startswith("/") else self.access.host


def _quieten_library() -> None:
    # PyGithub hangs a handler on its logger that writes to stderr, which is ours: notices go there.
    logging.getLogger("github").handlers.clear()


class _Refusal(msgspec.Struct, frozen=True):
    message: str = ""


def _message(text: str) -> dict[str, Any]:
    try:
        return {"message": msgspec.json.decode(text, type=_Refusal).message}
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {"message": ""}
