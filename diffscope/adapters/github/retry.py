"""When a request is tried again, how long it waits, and when waiting is no use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

from github.GithubException import RateLimitExceededExceedsMaxWait, RateLimitExceededException
from github.GithubRetry import GithubRetry
from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.response import BaseHTTPResponse

from diffscope.source.model import Value

Notice = Callable[[str], None]
"""Takes one sentence for people, which goes to stderr."""

Sleep = Callable[[float], None]


class Patience(Value, frozen=True, kw_only=True):
    """How much a caller waits. Seconds, but for ``tries`` (in all, after the first)."""

    connect: float = 4.0
    read: float = 30.0
    longest_wait: float = 60.0
    """A rate limit that asks for more is an error at once: it may ask for an hour."""
    tries: int = 4


class PatientRetry(GithubRetry):
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
    def make(cls, patience: Patience, *, notice: Notice, sleep: Sleep = time.sleep) -> PatientRetry:
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
