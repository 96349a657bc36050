"""Isolation: the parts of an analysis run separately, so that a part that fails inside is a gap and the others are unaffected.

``Attempts`` is the only place that catches whatever is raised. Errors that diffscope raises on purpose, and an interrupt, pass through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from traceback import TracebackException
from typing import Final, Protocol, TypeVar

from diffscope.errors import DiffscopeError
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import message
from diffscope.source.model import INTERNAL_CODES, Gap, RepoPath

_Found = TypeVar("_Found")
_Default = TypeVar("_Default")
_Item = TypeVar("_Item")

INTERNAL_ERROR: Final = message("gap.internal-error-elsewhere")
"""Why facts are unknown that a part which failed would have given."""
_LONGEST: Final = 200


class Attempts:
    """Runs parts of an analysis by name and keeps a gap for each that failed. With ``is_debug`` the first failure is raised."""

    def __init__(self, *, is_debug: bool = False) -> None:
        self.is_debug = is_debug
        self._gaps: list[Gap] = []

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """One gap for each part, and file of it, that failed so far."""
        return tuple(dict.fromkeys(self._gaps))

    def __call__(
        self, part: str, work: Callable[[], _Found], default: _Default, *, path: str | None = None
    ) -> _Found | _Default:
        """Return what ``work`` returns; where it fails inside, ``default``, and a gap is kept."""
        found = self._tried(part, work, () if path is None else (path,))
        if not isinstance(found, _Failure):
            return found
        self._gaps.append(internal_error(part, found.error, path=path))
        return default

    def by_file(
        self,
        part: str,
        items: Sequence[_Item],
        work: Callable[[Sequence[_Item]], _Found],
        default: _Default,
        *,
        path_of: Callable[[_Item], str],
    ) -> tuple[_Found | _Default, tuple[str | None, ...]]:
        """Return what ``work`` makes of all items but those that it fails on, and the paths of these.

        Where no single item is to blame the answer is ``default``, and ``None`` stands for all paths.
        """
        paths = tuple(map(path_of, items))
        found = self._tried(part, lambda: work(items), paths)
        if not isinstance(found, _Failure):
            return found, ()
        alone = [self._tried(part, partial(work, (item,)), (path_of(item),)) for item in items]
        failed = {
            path: each.error for path, each in zip(paths, alone, strict=True) if isinstance(each, _Failure)
        }
        rest = [item for item in items if path_of(item) not in failed]
        again = self._tried(part, lambda: work(rest), tuple(map(path_of, rest))) if failed else found
        if isinstance(again, _Failure):
            self._gaps.append(internal_error(part, again.error))
            return default, (None,)
        self._gaps += (internal_error(part, error, path=path) for path, error in failed.items())
        return again, tuple(failed)

    def run(self, part: str, work: Callable[[], _Found], paths: tuple[str, ...]) -> _Found:
        """Run one part, which looks at the files of ``paths``; the tests put faults here."""
        del part, paths
        return work()

    def _tried(self, part: str, work: Callable[[], _Found], paths: tuple[str, ...]) -> _Found | _Failure:
        try:
            return self.run(part, work, paths)
        except DiffscopeError:
            raise
        except Exception as error:
            # Whatever one part raises must not cost the others: this is the only place that may say so.
            if self.is_debug:
                raise
            return _Failure(error)


class Coded(Protocol):
    """Anything that tells what it is by a code: a gap, a gap with its words."""

    @property
    def code(self) -> MessageCode:
        """The code."""


class _Failure:
    """What a part raised, without the frames that would keep its values alive."""

    def __init__(self, error: Exception) -> None:
        self.error = error.with_traceback(None)
        self.error.__context__ = self.error.__cause__ = None


def internal_error(part: str, error: Exception, *, path: str | None = None) -> Gap:
    """Return the gap of a part that failed inside."""
    return Gap(
        what="internal",
        message=message("gap.internal-error", part=part, error=described(error)),
        path=None if path is None else RepoPath(path),
    )


def described(error: BaseException) -> str:
    """Return the type and the message of an exception in one line that can be shown."""
    # Not str(error): an exception may fail to tell what it is.
    message = str(TracebackException(type(error), error, None))
    line = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in " ".join(message.split())
    )
    cut = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__


def is_internal(gaps: Iterable[Coded]) -> bool:
    """Return whether any part failed inside."""
    return any(gap.code in INTERNAL_CODES for gap in gaps)
