"""The text of a native source before the grammar sees it: comments out, preprocessor directives taken apart.

The grammar cannot know which branch of an ``#if`` is meant, and branches that open a brace each break it. So directives are read
here, and the grammar gets one consistent text for each choice of branches.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode

_COMMENT: Final = lazy_regex(
    rb"""//(?:[^\n\\]|\\.)*|/\*.*?(?:\*/|\Z)|R"([^\s()\\"]{0,16})\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,8}'""",
    re.DOTALL,
)
_DIRECTIVE: Final = lazy_regex(rb"#[ \t]*(\w+)((?:[^\n\\]|\\(?:\r?\n)?)*)")
_LINE_END: Final = lazy_regex(rb"\n")
_BLANKS: Final = bytes(byte if byte == ord("\n") else ord(" ") for byte in range(256))
_OPENING: Final = (b"if", b"ifdef", b"ifndef")
_NEXT: Final = (b"elif", b"else", b"elifdef", b"elifndef")
_DEEPEST: Final = 100
"""Conditions around a place that are told, the innermost ones."""
_MOST_VARIANTS: Final = 4
_ATTRIBUTE: Final = lazy_regex(
    rb"__(?<!\w__)(?:launch_bounds|cluster_dims|attribute|align|maxnreg)__\s*\((?:[^(){};]|\((?:[^(){};]|\([^(){};]*\))*\))*\)"
)
"""Attributes that the grammar knows in some places only; whoever needs them reads the source."""


class Directive(NamedTuple):
    """One preprocessor line, continued lines included; ``condition`` is what it says, folded."""

    start: int
    end: int
    word: bytes
    text: str


class Region(NamedTuple):
    """Bytes from ``start`` on, up to the next region, stand under these conditions, outermost first."""

    start: int
    guards: tuple[str, ...]


class NativeSource:
    """A native source as it is read: comments blanked, directives apart, positions as in the file."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.code = blank_comments(source)
        self.directives = read_directives(self.code)
        self.regions = read_regions(self.directives)
        self._line_ends = [match.start() for match in _LINE_END.finditer(source)]

    def line_at(self, position: int) -> int:
        """Return the line of a byte, counted from 1."""
        return bisect_left(self._line_ends, position) + 1

    def guards_at(self, position: int) -> tuple[str, ...]:
        """Return the preprocessor conditions that hold at a byte, outermost first."""
        return self.regions[bisect_right(self.regions, position, key=lambda region: region.start) - 1].guards


def blank_comments(source: bytes) -> bytes:
    """Return the source, of the same length, with comments turned into blanks."""
    return _COMMENT.sub(
        lambda match: blank(match[0]) if match[0].startswith((b"//", b"/*")) else match[0], source
    )


def blank(source: bytes) -> bytes:
    """Return as many blanks, line ends kept."""
    return source.translate(_BLANKS)


def read_directives(code: bytes) -> tuple[Directive, ...]:
    """Return the directives of a source without comments, in order."""
    found = []
    position = code.find(b"#")
    while position >= 0:
        start = code.rfind(b"\n", 0, position) + 1
        match = _DIRECTIVE.match(code, position) if not code[start:position].strip(b" \t") else None
        if match is not None:
            found.append(Directive(start, match.end(), match[1], _fold(match[2])))
        position = code.find(b"#", match.end() if match is not None else position + 1)
    return tuple(found)


def read_regions(directives: tuple[Directive, ...]) -> tuple[Region, ...]:
    """Return where which conditions hold. An include guard is no condition."""
    regions = [Region(0, ())]
    stack: list[list[str]] = []
    for at, directive in enumerate(directives):
        if directive.word in _OPENING:
            stack.append([_condition(directive) if not _is_include_guard(directives, at) else ""])
        elif directive.word in _NEXT and stack:
            own = "" if directive.word == b"else" else _condition(directive)
            before = stack[-1][0]
            stack[-1] = [own or (f"not ({before})" if before else "")]
        elif directive.word == b"endif" and stack:
            stack.pop()
        else:
            continue
        regions.append(Region(directive.end, tuple(guard for (guard,) in stack[-_DEEPEST:] if guard)))
    return tuple(regions)


def variants(code: bytes, directives: tuple[Directive, ...]) -> Iterator[bytes]:
    """Yield texts of the same length without directives and attributes: the first with the first branch of every condition, and so on.

    A condition with fewer branches than asked for gives its last one, so that every branch that is not nested in another choice
    appears in one of the texts.
    """
    branches = _count_branches(directives)
    for choice in range(min(max(branches.values(), default=1), _MOST_VARIANTS)):
        yield _choose(code, directives, branches, choice)


def _count_branches(directives: tuple[Directive, ...]) -> dict[int, int]:
    """Return the index of each opening directive -> how many branches it has."""
    branches: dict[int, int] = {}
    stack: list[int] = []
    for at, directive in enumerate(directives):
        if directive.word in _OPENING:
            stack.append(at)
            branches[at] = 1
        elif directive.word in _NEXT and stack:
            branches[stack[-1]] += 1
        elif directive.word == b"endif" and stack:
            stack.pop()
    return branches


def _choose(code: bytes, directives: tuple[Directive, ...], branches: dict[int, int], choice: int) -> bytes:
    parts: list[bytes] = []
    stack: list[tuple[int, int]] = []
    position = left_out = 0

    def is_left_out(opening: int, branch: int) -> bool:
        return branch != min(choice, branches[opening] - 1)

    for at, directive in enumerate(directives):
        between = code[position : directive.start]
        parts += [blank(between) if left_out else between, blank(code[directive.start : directive.end])]
        position = directive.end
        if directive.word in _OPENING:
            stack.append((at, 0))
            left_out += is_left_out(at, 0)
        elif directive.word in _NEXT and stack:
            opening, branch = stack[-1]
            stack[-1] = (opening, branch + 1)
            left_out += is_left_out(opening, branch + 1) - is_left_out(opening, branch)
        elif directive.word == b"endif" and stack:
            left_out -= is_left_out(*stack.pop())
    return _ATTRIBUTE.sub(lambda match: blank(match[0]), b"".join((*parts, code[position:])))


def _condition(directive: Directive) -> str:
    if directive.word in (b"ifdef", b"elifdef"):
        return f"defined({directive.text})"
    if directive.word in (b"ifndef", b"elifndef"):
        return f"not (defined({directive.text}))"
    return directive.text


def _is_include_guard(directives: tuple[Directive, ...], at: int) -> bool:
    if directives[at].word != b"ifndef" or at + 1 >= len(directives):
        return False
    follower = directives[at + 1]
    return follower.word == b"define" and follower.text == directives[at].text


def _fold(text: bytes) -> str:
    return " ".join(decode(text.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")).split())
