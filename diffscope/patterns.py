r"""Stage 0, patterns: glob and regex texts -> compiled matchers. The one door to RE2. Pure. May import errors only.

**Globs** match whole POSIX paths, anchored at both ends and case-sensitive; ``\\`` makes the next character literal:

=========  ==========================================================================================
``*``      any run of characters but ``/``, also an empty one; a leading dot is nothing special
``?``      one character but ``/``
``**``     as a whole segment: any number of segments, also none (``a/**/b`` matches ``a/b``);
           as the last segment: everything below (``a/**`` matches ``a/b`` and ``a/b/c``, not ``a``)
``{a,b}``  either; the parts may hold globs and slashes, and braces may nest
=========  ==========================================================================================

``[`` and ``]`` stand for themselves. **Regexes** run in RE2: linear time, whatever the text; no look-around, no
back-references. ``search`` finds anywhere, ``match`` at the start, ``fullmatch`` the whole text. What the code itself looks for, with
look-around if it needs to, is a ``lazy_regex``.
"""

from __future__ import annotations

import functools
import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, AnyStr, Final, cast

from diffscope.errors import InputError

_MAX_PATTERN: Final = 4_000
_MAX_BRACE_DEPTH: Final = 8


class _LazyRegex:
    """A regular expression of Python's ``re`` that is compiled when it is first asked; made by ``lazy_regex``."""

    def __init__(self, text: Any, flags: int) -> None:
        self._made_of = (text, flags)
        self.pattern = text

    @functools.cached_property
    def _compiled(self) -> re.Pattern[Any]:
        return re.compile(*self._made_of)

    def __getattr__(self, name: str) -> Any:
        # Only for what is not there yet: the second time the bound method is found on the object itself.
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value

    def __reduce__(self) -> Any:
        return lazy_regex, self._made_of


class Regex:
    """A compiled regular expression that runs in linear time; made by ``compile_regex``."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled

    def search(self, text: str) -> bool:
        """Say whether the pattern is found anywhere in the text."""
        return self._compiled.search(_encode(text)) is not None

    def match(self, text: str) -> bool:
        """Say whether the pattern is found at the start of the text."""
        return self._compiled.match(_encode(text)) is not None

    def fullmatch(self, text: str) -> bool:
        """Say whether the pattern covers the whole text."""
        return self._compiled.fullmatch(_encode(text)) is not None

    def groups(self, text: str) -> tuple[str | None, ...] | None:
        """Return the groups of the first place where the pattern is found, ``None`` where it is not."""
        found = self._compiled.search(_encode(text))
        return None if found is None else tuple(each and each.decode() for each in found.groups())

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return start and end of each place where the pattern is found, in characters, not overlapping."""
        data = _encode(text)
        places = (found.span() for found in self._compiled.finditer(data))
        if len(data) == len(text):
            return tuple(places)
        return tuple((len(data[:start].decode()), len(data[:end].decode())) for start, end in places)


class Glob:
    """A compiled glob; made by ``compile_glob``."""

    __slots__ = ("_expression", "_regex", "literal", "prefix", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        expression, self.prefix, is_literal = _translate(text)
        self.literal = self.prefix if is_literal else None
        # A plain path is compared, not matched: most entries of area and rule files are one. And of the other globs a run
        # asks a few, for paths with their prefix.
        self._expression = expression
        self._regex: Regex | None = None

    def matches(self, path: str) -> bool:
        """Say whether the glob covers the whole path."""
        if self.literal is not None:
            return path == self.literal
        if not path.startswith(self.prefix):
            return False
        if self._regex is None:
            self._regex = compile_regex(self._expression)
        return self._regex.fullmatch(path)

    def filter(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the paths that the glob covers, in the order given."""
        return tuple(path for path in paths if self.matches(path))

    def filter_sorted(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Return those of sorted paths that the glob covers; only those with its literal beginning are looked at."""
        first = bisect_left(paths, self.prefix)
        below = itertools.takewhile(lambda path: path.startswith(self.prefix), paths[first:])
        return self.filter(below)


def lazy_regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a pattern of Python's ``re`` that is compiled on first use: for constants of modules, of which a run asks a few.

    It has the methods and attributes of ``re.Pattern``; the functions of ``re`` do not take it. A text that is no pattern
    raises ``re.error`` on first use.
    """
    return cast("re.Pattern[AnyStr]", _LazyRegex(text, flags))


@functools.lru_cache(maxsize=4096)
def compile_glob(text: str) -> Glob:
    """Return the matcher of a glob; the same text gives the same matcher.

    Raises:
        InputError: the glob is empty, absolute, too long, or its braces or a ``**`` are wrong.
    """
    return Glob(text)


@functools.lru_cache(maxsize=4096)
def compile_regex(text: str) -> Regex:
    """Return the matcher of a regular expression in RE2's syntax; the same text gives the same matcher.

    Raises:
        InputError: RE2 does not take the expression: its syntax is wrong, or needs look-around or back-references.
    """
    # RE2 takes a few milliseconds to load; a run without regexes should not pay for it.
    import re2  # noqa: PLC0415

    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InputError("the regex holds a lone surrogate, which is not a character", hint="remove it")
    if len(text) > _MAX_PATTERN:
        raise InputError(
            f"the regex has {len(text):,} characters; at most {_MAX_PATTERN:,} are read", hint="split it"
        )
    options = re2.Options()
    options.log_errors = False
    try:
        return Regex(text, re2.compile(text, options))
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be compiled"
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise InputError(f"the regex {text!r} is refused: {reason}", hint=_regex_hint(text)) from None


def _encode(text: str) -> bytes:
    # A lone surrogate (a title from a broken API answer) has no UTF-8 form; '?' stands in, as no pattern asks for it.
    return text.encode("utf-8", "replace")


def _regex_hint(text: str) -> str:
    if re.search(r"\(\?<?[=!]", text):
        return "look-ahead and look-behind are not supported; use a second condition instead"
    if re.search(r"\\[1-9]|\(\?P=", text):
        return "back-references are not supported; write the alternatives out"
    return "see the RE2 syntax page: https://github.com/google/re2/wiki/Syntax"


def _translate(text: str) -> tuple[str, str, bool]:
    """Return the regex of a glob, its literal beginning, and whether the whole glob is literal."""
    _check(text)
    out: list[str] = []
    prefix: list[str] = []
    is_literal, depth, index = True, 0, 0
    while index < len(text):
        piece, literal, step, change = _token(text, index, depth)
        depth += change
        if literal is None:
            is_literal = False
        elif is_literal:
            prefix.append(literal)
        out.append(piece)
        index += step
    if depth:
        raise _glob_error(text, "a '{' is never closed", "close it, or write '\\{' for the character")
    return "(?s)" + "".join(out), "".join(prefix), is_literal


def _token(text: str, index: int, depth: int) -> tuple[str, str | None, int, int]:
    """Return the regex of the token at an index, its literal text, its length, and the change of brace depth."""
    char = text[index]
    if char == "*":
        return _stars(text, index)
    if char in "{},":
        return _brace(text, char, depth)
    if char == "?":
        return "[^/]", None, 1, 0
    if char != "\\":
        return re.escape(char), char, 1, 0
    if index + 1 == len(text):
        raise _glob_error(text, "it ends in a lone backslash", "remove it, or double it")
    return re.escape(text[index + 1]), text[index + 1], 2, 0


def _brace(text: str, char: str, depth: int) -> tuple[str, str | None, int, int]:
    if char == "{":
        if depth == _MAX_BRACE_DEPTH:
            raise _glob_error(
                text, f"braces are nested more than {_MAX_BRACE_DEPTH} deep", "write several globs"
            )
        return "(?:", None, 1, 1
    if char == "}":
        if not depth:
            raise _glob_error(text, "a '}' closes nothing", "open it, or write '\\}' for the character")
        return ")", None, 1, -1
    return ("|", None, 1, 0) if depth else (",", ",", 1, 0)


def _stars(text: str, index: int) -> tuple[str, str | None, int, int]:
    end = index
    while end < len(text) and text[end] == "*":
        end += 1
    if end - index == 1:
        return "[^/]*", None, 1, 0
    before = text[index - 1] if index else "/"
    after = text[end] if end < len(text) else ""
    if end - index > 2 or before not in "/{," or after not in ("", "/", "}", ","):
        raise _glob_error(text, "'**' must be a whole segment", "write 'a/**/b' or 'a/**', or a single '*'")
    return ("(?:[^/]+/)*", None, 3, 0) if after == "/" else (".+", None, 2, 0)


def _check(text: str) -> None:
    if not text:
        raise InputError("the glob is empty", hint="write '**' to match every path")
    if len(text) > _MAX_PATTERN:
        raise InputError(
            f"the glob has {len(text):,} characters; at most {_MAX_PATTERN:,} are read", hint="split it"
        )
    if text.startswith("/"):
        raise _glob_error(text, "it starts with '/'", "paths are relative to the root: leave the '/' out")
    if text.endswith("/"):
        raise _glob_error(text, "it ends in '/'", "write 'folder/**' for all that lies below a folder")


def _glob_error(text: str, reason: str, hint: str) -> InputError:
    return InputError(f"the glob {text!r} is wrong: {reason}", hint=hint)
