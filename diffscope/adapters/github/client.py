"""One connection to one GitHub: requests out, decoded answers back, retries, every failure as one of our errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar, cast

import msgspec
from github.Auth import Token
from github.GithubException import (
    GithubException,
    RateLimitExceededExceedsMaxWait,
    RateLimitExceededException,
)
from github.GithubRetry import GithubRetry
from github.Requester import Requester
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.response import BaseHTTPResponse

from diffscope.adapters.github.access import Access
from diffscope.adapters.github.errors import FAILURES, message_of, translate
from diffscope.adapters.github.responses import QueryAnswer
from diffscope.errors import RemoteError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.version import VERSION

Notice = Callable[[str], None]
"""Takes one sentence for people, which goes to stderr."""

Sleep = Callable[[float], None]


class RetryPolicy(Value, frozen=True, kw_only=True):
    """How much a caller waits. Seconds, but for ``tries`` (in all, after the first)."""

    connect: float = 4.0
    read: float = 30.0
    longest_wait: float = 60.0
    """A rate limit that asks for more is an error at once: it may ask for an hour."""
    tries: int = 4


class BoundedRetry(GithubRetry):
    """PyGithub's retry with a cap on every wait, a word on stderr for each, and writes that are never doubled.

    A request that creates something is tried again only where GitHub said that it did nothing (a rate limit): after a
    5xx or a broken connection it may well have been done. No connection at all is tried once more and at once, so that
    a machine without a network knows in seconds.
    """

    def __init__(
        self,
        *,
        notice: Notice = lambda _: None,
        sleep: Sleep = time.sleep,
        longest_wait: float = 60.0,
        **settings: Any,
    ) -> None:
        settings.setdefault("secondary_rate_wait", min(60.0, longest_wait))
        settings["max_rate_limit_wait"] = longest_wait
        super().__init__(**settings)
        self.notice = notice
        self.pause = sleep
        self.longest_wait = longest_wait

    @classmethod
    def make(cls, patience: RetryPolicy, *, notice: Notice, sleep: Sleep = time.sleep) -> BoundedRetry:
        """Return the retry that ``patience`` describes."""
        return cls(
            notice=notice,
            sleep=sleep,
            longest_wait=patience.longest_wait,
            total=patience.tries,
            connect=1,
            read=min(1, patience.tries),
            backoff_factor=0.5,
            backoff_max=10,
            raise_on_status=False,
            status_forcelist=[403, 429, 500, 502, 503, 504],
            allowed_methods=frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        )

    def new(self, **changes: Any) -> Self:
        """Return a copy with ``changes``; urllib3 makes one for every try."""
        kept = {"notice": self.notice, "sleep": self.pause, "longest_wait": self.longest_wait}
        return super().new(**{**kept, **changes})

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:  # noqa: FBT001, FBT002 - urllib3's signature
        """Say whether the answer is worth another try."""
        if method.upper() == "POST":
            return bool(self.total) and status_code in {403, 429}
        return super().is_retry(method, status_code, has_retry_after)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds that the answer asks for; ``None`` where it asks for none, or for nonsense."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None

    def increment(self, *args: Any, **named: Any) -> Any:
        """Return the retry for the next try. Raises where there is none left."""
        response = args[2] if len(args) > 2 else named.get("response")
        try:
            return super().increment(*args, **named)
        except MaxRetryError:
            if response is not None and response.status == 403:
                # To tell a rate limit from a refusal PyGithub has read the body, and nobody can read it again.
                data = {"message": "API rate limit exceeded"}
                raise RateLimitExceededException(403, data, dict(response.headers)) from None
            raise

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait as long as the answer, or the backoff, asks; say so where it is felt. Raises where that is over the cap."""
        asked = self.get_retry_after(response) if response is not None else None
        wait = asked or self.get_backoff_time()
        if response is not None and wait > self.longest_wait:
            data = {"message": f"GitHub asks to wait {wait:.0f} seconds"}
            raise RateLimitExceededExceedsMaxWait(response.status, data, dict(response.headers), wait=wait)
        if wait <= 0:
            return
        if wait >= 1:
            reason = (
                "asks to slow down" if response is not None and response.status < 500 else "does not answer"
            )
            self.notice(f"GitHub {reason}; trying again in {wait:.0f} s")
        self.pause(wait)


T = TypeVar("T")

JSON = "application/vnd.github+json"
DIFF = "application/vnd.github.diff"
PAGE = 100
"""Rows a page: the most that GitHub gives."""

_API_VERSION = "2022-11-28"
NEXT = lazy_regex(r'<[^>]*>;\s*rel="next"')
"""Of a header ``link``: there is another page."""


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
        patience: RetryPolicy | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        # PyGithub hangs a handler on its logger that writes to stderr, which is ours: notices go there.
        logging.getLogger("github").handlers.clear()
        patience = patience or RetryPolicy()
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
            retry=BoundedRetry.make(patience, notice=notice, sleep=sleep),
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
        """Return the answer for ``path``; conditional where an earlier answer is kept. Raises ``SourceError``."""
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
        """Return the answer for ``path``, decoded. Raises ``SourceError``."""
        return self.decode(self.get(path, query=query), kind, at=path)

    def get_forever(self, path: str, kind: type[T], *, query: Mapping[str, object] | None = None) -> T:
        """Return the answer for ``path`` that can never change, because the path names commits or trees by id."""
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
            if not NEXT.search(answer.headers.get("link", "")):
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

    def query_fields(
        self, repository: str, fields: Sequence[str], kind: type[T], *, most: int, fragment: str = ""
    ) -> Iterator[T]:
        """Yield what a repository has for each field of GraphQL, asked for ``most`` at a time; what it has not is left out.

        Raises ``SourceError`` where a query fails: what came before it is had.
        """
        owner, _, name = repository.partition("/")
        for at in range(0, len(fields), most):
            asked = "\n".join(f"f{number}: {field}" for number, field in enumerate(fields[at : at + most]))
            text = f"query($owner: String!, $name: String!) {{\nrepository(owner: $owner, name: $name) {{\n{asked}\n}}\n}}{fragment}"
            found = self.query(text, {"owner": owner, "name": name}, _Repository)
            for each in (found.repository or {}).values() if found else ():
                if bytes(each) != b"null":
                    yield self._decode(bytes(each), kind, at="graphql")

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


class _Repository(msgspec.Struct, frozen=True):
    repository: dict[str, msgspec.Raw] | None = None


class _Refusal(msgspec.Struct, frozen=True):
    message: str = ""


def _message(text: str) -> dict[str, Any]:
    try:
        return {"message": msgspec.json.decode(text, type=_Refusal).message}
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {"message": ""}
