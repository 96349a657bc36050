"""What a native source declares for torch (``TORCH_LIBRARY…`` blocks and what stands in them), and what it names in others: headers, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from msgspec import structs

from diffscope.patterns import lazy_regex
from diffscope.source.text import decode
from diffscope.syntax.model import NativeCall, OperatorBinding
from diffscope.syntax.native.preprocessor import NativeSource

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
