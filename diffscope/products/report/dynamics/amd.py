"""Which items concern AMD and why, and near misses: ROCm named in the output of ``collect_env`` as N/A, for example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from diffscope.patterns import lazy_regex
from diffscope.products.report.dynamics.descriptions import Environment, environment, read_body, said
from diffscope.products.report.dynamics.events import Item
from diffscope.source.model import Value

AMD_WORDS: Final = (
    "ROCm",
    "HIP",
    "AMD",
    "AITER",
    "Quark",
    "MI2xx/MI3xx",
    "gfx9…/gfx1…",
    "RCCL",
    "Instinct",
    "Radeon",
)
"""What a title, a label, a text or a path is searched for; ``_AMD`` is the same as a pattern."""

_AMD: Final = lazy_regex(
    r"(?<![a-z])(?:rocm|hip(?:ify|blas\w*)?|amd(?!64)|aiter|quark|mi[23]\d{2}[a-z]?|gfx(?:9|1)[0-9a-f]+|rccl|instinct|radeon)(?![a-z])",
    re.IGNORECASE,
)
_PROCESSOR: Final = lazy_regex(
    r"(?<![a-z])amd[ -](?:epyc|ryzen|threadripper|cpus?|processors?)", re.IGNORECASE
)
"""A machine with a processor of AMD's and cards of somebody else's."""
_IN_USE: Final = lazy_regex(
    r"(?:rocm used to build pytorch|rocm version|hip runtime version|miopen runtime version)\s*:\s*\d\S{0,40}"
    r"|rocm: enabled|\+rocm\d[\d.]{0,12}|(?<![a-z])rocm[ -]?\d[\d.]{0,12}"
    r"|(?<![a-z])amd (?:instinct|radeon)[^\n(]{0,30}|(?<![a-z])mi[23]\d{2}[a-z]?(?![a-z\d])|(?<![a-z])gfx(?:9|1)[0-9a-f]{2,3}(?![a-z\d])",
    re.IGNORECASE,
)
"""What the output says where ROCm is in use."""
_PASTED: Final = lazy_regex(r"[\w .()/-]{2,60}\s:\s")
"""A line of the output: the colon stands apart."""
_MOST_WORDS: Final = 3


Where = Literal["author", "title", "text", "environment", "label", "file"]


class Reason(Value, frozen=True, kw_only=True):
    """Why an item counts as AMD's."""

    where: Where
    found: str
    """The word, of the environment what it says, of a file its path."""
    files: int | None = None
    """Of a file how many of the changed paths name AMD."""


class Related(Value, frozen=True, kw_only=True):
    """An item that concerns AMD, and what says so."""

    item: Item
    is_pull: bool
    because: tuple[Reason, ...]
    said: str = ""
    """What its author says of it, in one sentence."""


class NearMiss(Value, frozen=True, kw_only=True):
    """An item that names AMD without concerning it."""

    number: int
    is_pull: bool
    words: tuple[str, ...]
    """As they are written there, at most three."""
    is_absent: bool
    """Whether every line that names one says that it is not there: ``HIP runtime version : N/A``."""
    environment: Environment
    """What it ran on instead."""


def related(item: Item, *, is_pull: bool) -> Related | None:
    """Return an item that concerns AMD with every reason; ``None`` for one that does not."""
    because = tuple(_reasons(item))
    if not because:
        return None
    return Related(item=item, is_pull=is_pull, because=because, said=said(item.body or "", is_pull=is_pull))


def near_miss(item: Item, *, is_pull: bool) -> NearMiss | None:
    """Return an item that does not concern AMD and names it, in output, code or what it says is not there."""
    body = read_body(item.body or "")
    shown = _words((*body.output, *body.code, *body.own))
    absent = _words(body.absent)
    words = tuple({word.lower(): word for word in (*shown, *absent)}.values())
    if not words:
        return None
    return NearMiss(
        number=item.number,
        is_pull=is_pull,
        words=words[:_MOST_WORDS],
        is_absent=not shown,
        environment=environment(item.body or ""),
    )


def is_amd_author(name: str) -> bool:
    """Return whether the name of an account says that it is AMD's."""
    return name.lower().endswith("-amd")


def _reasons(item: Item) -> Iterator[Reason]:
    if is_amd_author(item.author):
        yield Reason(where="author", found=item.author)
    body = read_body(item.body or "")
    # Output that was pasted without folding it is no word of the author's.
    pasted = [line for line in body.own if _PASTED.match(line)]
    own = (_PROCESSOR.sub("", line) for line in body.own if line not in pasted)
    text = next((match for line in own if (match := _AMD.search(line))), None)
    for where, match in _matches(("title", _AMD.search(item.title)), ("text", text)):
        yield Reason(where=where, found=match[0])
    used = next((match for line in (*body.output, *pasted) if (match := _IN_USE.search(line))), None)
    if used is not None:
        ran = environment(item.body or "")
        named = [gpu for gpu in ran.gpus if _AMD.search(gpu)] + ([f"ROCm {ran.rocm}"] if ran.rocm else [])
        yield Reason(where="environment", found=", ".join(named) or " ".join(used[0].split()))
    for label in item.labels:
        if _AMD.search(label):
            yield Reason(where="label", found=label)
    paths = [path for path in item.files or () if _AMD.search(path.replace("_", " "))]
    if paths:
        yield Reason(where="file", found=paths[0], files=len(paths))


def _matches(*places: tuple[Where, re.Match[str] | None]) -> Iterator[tuple[Where, re.Match[str]]]:
    for where, match in places:
        if match is not None:
            yield where, match


def _words(lines: Iterable[str]) -> list[str]:
    return [match[0] for line in lines for match in _AMD.finditer(line)]
