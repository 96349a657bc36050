"""What a native source declares for torch (``TORCH_LIBRARY…`` blocks and what stands in them), and what it names in others: headers, functions."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from msgspec import structs

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import NativeCall, OperatorBinding

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


_LIBRARY: Final = lazy_regex(rb"\b(?:STABLE_)?TORCH_LIBRARY(_FRAGMENT|_IMPL)?(?:_EXPAND)?\s*\(")
_STRING: Final = lazy_regex(r'"((?:[^"\\]|\\.)*)"')
_BRACKETS: Final = lazy_regex(rb"""[()\[\]{},]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.){1,8}'""")
_FUNCTION: Final = lazy_regex(r"&?\s*((?:[A-Za-z_]\w*\s*::\s*)*[A-Za-z_]\w*)(?:\s*<[^()]*>)?")
_WRAPPED: Final = lazy_regex(
    r"^(?:TORCH_BOX|TORCH_FN|TORCH_SELECTIVE_FN|static_cast\s*<.*>|torch::boxed|STABLE_TORCH_BOX)\s*\((.*)\)$",
    re.DOTALL,
)
_DEVICE: Final = lazy_regex(r"^(?:\w+::)*(?:k|DispatchKey::)?(\w+)$")
_LONGEST: Final = 400_000
"""Bytes looked through for a closing bracket."""


class Block(NamedTuple):
    """One ``TORCH_LIBRARY…`` block: where it stands, and the words of its head."""

    start: int
    body: int
    end: int
    namespace: str
    device: str | None
    variable: str


def find_blocks(code: bytes) -> tuple[Block, ...]:
    """Return the blocks of a source without comments, in order."""
    if b"TORCH_LIBRARY" not in code:
        return ()
    found = (_read_block(code, match) for match in _LIBRARY.finditer(code))
    return tuple(block for block in found if block is not None)


def read_bindings(source: NativeSource, blocks: tuple[Block, ...]) -> tuple[OperatorBinding, ...]:
    """Return what the blocks bind, in order."""
    return tuple(binding for block in blocks for binding in _read_calls(source, block))


def _read_block(code: bytes, match: re.Match[bytes]) -> Block | None:
    line = code.rfind(b"\n", 0, match.start()) + 1
    if code[line : match.start()].lstrip().startswith(b"#"):
        return None
    arguments, end = _arguments(code, match.end())
    opening = code.find(b"{", end, end + 200)
    if len(arguments) < 2 or opening < 0 or code[end:opening].strip():
        return None
    _, closing = _arguments(code, opening + 1)
    is_implementation = match[1] == b"_IMPL"
    # ``CONCAT(TORCH_EXTENSION_NAME, _cache_ops)`` is one word.
    text = arguments[0]
    joined = re.match(r"^_?CONCAT\s*\((.*)\)$", text, re.DOTALL)
    return Block(
        start=match.start(),
        body=opening + 1,
        end=closing,
        namespace="".join(part.strip() for part in joined[1].split(",")) if joined else text,
        device=arguments[1] if is_implementation and len(arguments) > 2 else None,
        variable=arguments[-1],
    )


def _read_calls(source: NativeSource, block: Block) -> Iterator[OperatorBinding]:
    call = re.compile(rb"\b" + re.escape(block.variable.encode()) + rb"\s*\.\s*(def|impl)\s*\(")
    for match in call.finditer(source.code, block.body, block.end):
        arguments, _ = _arguments(source.code, match.end())
        if not arguments or not arguments[0].startswith('"'):
            continue
        text, parenthesis, rest = "".join(_STRING.findall(arguments[0])).partition("(")
        device, function = _implementation(arguments[1:], block.device)
        binding = OperatorBinding(
            what="schema",
            namespace=block.namespace,
            name=text.strip().rpartition("::")[2],
            line=source.line_at(match.start()),
            guards=source.guards_at(match.start()),
        )
        if match[1] == b"def":
            yield structs.replace(binding, schema=_fold_schema(parenthesis + rest) if parenthesis else None)
        if match[1] == b"impl" or function is not None:
            yield structs.replace(binding, what="implementation", device=device, function=function)


def _implementation(arguments: list[str], device: str | None) -> tuple[str | None, str | None]:
    """Return dispatch key and function among the arguments behind the name."""
    function = None
    for argument in arguments:
        text = argument
        dispatched = re.match(r"^(?:torch|c10)::dispatch\s*\((.*)\)$", text, re.DOTALL)
        if dispatched:
            key, _, text = dispatched[1].partition(",")
            device = _device(key.strip()) or device
            text = text.strip()
        while wrapped := _WRAPPED.match(text.strip()):
            text = wrapped[1]
        text = text.strip()
        if text.startswith(("&", "[")) or dispatched or text != argument.strip():
            named = _FUNCTION.fullmatch(text)
            function = "".join(named[1].split()) if named else function
        elif "kC" in text or "DispatchKey" in text or re.search(r"::k[A-Z]", text):
            device = _device(text) or device
    return device, function


def _device(text: str) -> str | None:
    match = _DEVICE.match("".join(text.split()))
    return match[1] if match else None


def _fold_schema(text: str) -> str:
    folded = re.sub(r"(?<=[(\[]) | (?=[)\],])", "", " ".join(text.split()))
    return re.sub(r",(?=\S)", ", ", folded)


def _arguments(code: bytes, start: int) -> tuple[list[str], int]:
    """Return the arguments from behind an opening bracket to its closing one, and the position behind that."""
    depth, begin = 0, start
    arguments: list[str] = []
    for match in _BRACKETS.finditer(code, start, start + _LONGEST):
        mark = match[0]
        if mark in (b"(", b"[", b"{"):
            depth += 1
        elif mark in (b")", b"]", b"}") or (mark == b"," and not depth):
            if depth and mark != b",":
                depth -= 1
                continue
            text = decode(code[begin : match.start()]).strip()
            begin = match.end()
            if text:
                arguments.append(text)
            if mark != b",":
                return arguments, match.end()
    return arguments, len(code)


# Read backwards: a search for a bracket is fifty times as fast as one for what may be a name.
_CALL: Final = lazy_regex(rb"\(\s*+(?:>[^<>;(){}]{0,200}<\s*+)?(\w++)((?:::\w++)*+)")
_NAME: Final = lazy_regex(rb"[a-z]\w*[A-Z_]\w+")
_BEFORE: Final = b'.>"#'
_LIBRARIES: Final = frozenset(
    {b"at", b"c10", b"cub", b"cuda", b"cute", b"cutlass", b"std", b"torch", b"thrust", b"dnnl"}
)
_FOREIGN: Final = lazy_regex(
    rb"(?:__|(?:cuda|cu|hip|atomic)[A-Z]|_mm|static_|dynamic_|const_|reinterpret_|is_|v[a-z]+q?_)\w*"
)


def find_calls(code: bytes) -> tuple[NativeCall, ...]:
    """Return the functions called, by name, each where it is called first; ``code`` has its comments blanked.

    Left out is what cannot be a function of another source: members, names of libraries, names of one word.
    """
    backwards = code[::-1]
    found: dict[bytes, int] = {}
    refused: set[bytes] = set()
    for match in _CALL.finditer(backwards):
        name = match[1][::-1]
        if name in refused:
            continue
        if name not in found and (_NAME.fullmatch(name) is None or _FOREIGN.fullmatch(name)):
            refused.add(name)
            continue
        scope = _scope(match[2][::-1], backwards[match.end() : match.end() + 1])
        if scope is not None and scope not in _LIBRARIES:
            found[name] = len(code) - match.end(1)
    return tuple(NativeCall(name=name.decode(), line=line) for name, line in sorted(_lines(code, found)))


def _lines(code: bytes, found: dict[bytes, int]) -> Iterator[tuple[bytes, int]]:
    line, position = 1, 0
    for name, start in sorted(found.items(), key=itemgetter(1)):
        line += code.count(b"\n", position, start)
        position = start
        yield name, line


def _scope(qualifiers: bytes, before: bytes) -> bytes | None:
    """Return the outermost name of ``a::b::``; ``None`` for a member. In ``x.a::b::`` it is ``b``."""
    names = qualifiers.split(b"::")[:-1]
    is_member = bool(before) and before in _BEFORE
    if is_member and not names:
        return None
    return next(iter(names[1:] if is_member else names), b"")
