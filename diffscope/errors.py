"""Stage 0, errors: the one tree of errors that diffscope raises on purpose.

::

    DiffscopeError
    ├── UsageError            the command line or a request makes no sense
    ├── ConfigurationError    diffscope.yml, a waiver or an environment variable is wrong
    ├── InputError            what was handed in cannot be judged
    │   ├── DiffError         the patch: junk, truncated, combined, hostile
    │   └── EmptyChangeError  a commit or a range that changes no file
    ├── RuleError             rules and their tables: every mistake of a file at once
    ├── SourceError           the change is not available
    │   ├── NotFoundError     no such pull request, revision or file
    │   ├── RepositoryError   not a git repository, shallow, corrupt
    │   └── RemoteError       GitHub: network, rate limit, permission
    ├── CacheError            the cache directory cannot be used at all
    └── InternalError         a part of diffscope failed inside; what the others gave was written

Only the command line catches them. Anything else that is raised is an internal error: source/attempts.py keeps it to the part that
failed, and with ``--debug`` it keeps its traceback.
"""

from __future__ import annotations


class DiffscopeError(Exception):
    """What happened (``message``), where (``at``), and what to do next (``hint``)."""

    def __init__(self, message: str, *, at: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions with keyword-only arguments do not survive a process pool without help.
        return (_rebuild, (type(self), self.message, self.at, self.hint))


def shell_line(*words: object) -> str:
    """Return a command to paste into a POSIX shell: a path, a ref or a pattern in it stays one word whatever it holds."""
    # Only errors and the lines beneath a result need it; a plain run should not pay for its import.
    import shlex  # noqa: PLC0415

    return shlex.join(map(str, words))


def _rebuild(kind: type[DiffscopeError], message: str, at: str | None, hint: str | None) -> DiffscopeError:
    return kind(message, at=at, hint=hint)


class UsageError(DiffscopeError):
    """The command line or a request makes no sense."""


class ConfigurationError(DiffscopeError):
    """A setting, from whatever place, is wrong."""


class InputError(DiffscopeError):
    """What was handed in cannot be judged."""


class DiffError(InputError):
    """The patch is junk, truncated, of an unsupported form, or over a cap."""


class EmptyChangeError(InputError):
    """A commit or a range changes no file."""


class RuleError(DiffscopeError):
    """Rule files are wrong; the message lists every mistake found."""


class SourceError(DiffscopeError):
    """The change is not available."""


class NotFoundError(SourceError):
    """No such pull request, revision or file."""


class RepositoryError(SourceError):
    """The repository is not one, or not whole enough."""


class RemoteError(SourceError):
    """The remote service refused, failed or could not be reached."""


class CacheError(DiffscopeError):
    """The cache directory cannot be used at all."""


class InternalError(DiffscopeError):
    """A part of diffscope failed inside; what the others gave was written."""
