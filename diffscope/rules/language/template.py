"""The message of a rule: ``says`` with the fields of a fact filled in.

``{field}`` is a field of the evidence's fact, ``{change.field}`` one of the change; ``{{`` and ``}}`` are braces. Text in
``[[ ... ]]`` is left out when a field inside it is unknown, null or empty: ``{distance} steps from serving[[: {chain}]]``.

How a field is written: a text as it is, white space folded and cut between words at 160 characters; a list with commas, at most four elements and
how many more; null and an empty list as ``none``; unknown as ``unknown``; true and false as ``yes`` and ``no``, by ``shown.*`` of the
catalogue of messages; in Chinese also words of closed sets, of roles, areas, surfaces and registries by words.yml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import UNSET

from diffscope.facts.vocabulary import field_called
from diffscope.messages.model import Language
from diffscope.messages.say import say_list, title
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_NAMES: Final = frozenset(
    {"role", "area", "areas", "logic_areas", "surfaces", "registry", "detail", "reason"}
)
"""Fields of open sets whose members have names: what words.yml does not know is written as it is."""
_TOKEN: Final = lazy_regex(r"\{\{|\}\}|\[\[|\]\]|\{([a-z_]*(?:\.[a-z_]*)?)\}|[{}]")
_LONGEST: Final = 160
_MOST: Final = 4
_STOPS: Final = " ,;:、，；：。"
_BETWEEN: Final = lazy_regex(r"\s+|[、，；。]")
"""Between two items of a text, where it may be cut."""
_PLACES: Final = {"<module>": "module", "pytestmark": "whole-file"}
"""Symbols that are no names of their own."""
_PLATFORMS: Final = {each: each.upper() for each in ("cuda", "xpu", "cpu", "tpu")} | {
    "rocm": "ROCm",
    "hpu": "Gaudi",
}
_SURFACES: Final = {
    "op-schema": "operator wrappers",
    "inputs": "prompt inputs",
    "outputs": "request outputs",
    "environment": "environment variables",
}
"""English names of surfaces that do not say by themselves what they are."""
_ARROW: Final = {"en": ": ", "zh": "："}
_ONE: Final = lazy_regex(r"(?<![\w.+-])1 (?:code line|branche?|line|day|place|file|module)s\b")


class Placeholder(Value, frozen=True, kw_only=True):
    """A placeholder: a field of the evidence's fact, or of the change."""

    field: str
    of_change: bool = False


class Group(Value, frozen=True, kw_only=True):
    """A part that is left out when one of its fields says nothing."""

    pieces: tuple[str | Placeholder, ...]


Piece = str | Placeholder | Group


class Wording(Value, frozen=True, kw_only=True):
    """Who says it: the language, and the words of closed sets in it."""

    language: str
    words: Mapping[str, str]


@lru_cache(maxsize=1024)
def parse_template(text: str) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Return the pieces of a template, and what is wrong with its braces and brackets."""
    pieces: list[Piece] = []
    group: list[str | Placeholder] | None = None
    problems: list[str] = []
    position = 0
    for found in _TOKEN.finditer(text):
        target = pieces if group is None else group
        target.append(text[position : found.start()])
        position = found.end()
        mark = found[0]
        if mark == "[[":
            problems += ["'[[' inside '[['"] if group is not None else []
            group = []
        elif mark == "]]":
            problems += ["']]' without '[['"] if group is None else []
            pieces.append(Group(pieces=tuple(group or ())))
            group = None
        elif found[1]:
            target.append(_hole(found[1]))
        else:
            problems += [f"a lone '{mark}': write it twice for the character"] if len(mark) == 1 else []
            problems += ["'{}' names no field"] if mark == "{}" else []
            target.append(mark[0])
    problems += ["'[[' is never closed"] if group is not None else []
    return tuple(piece for piece in (*pieces, text[position:]) if piece != ""), tuple(problems)


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """Return the placeholders of a template, in order."""
    found: list[Placeholder] = []
    for piece in parse_template(text)[0]:
        inner = piece.pieces if isinstance(piece, Group) else (piece,)
        found += [each for each in inner if isinstance(each, Placeholder)]
    return tuple(found)


def fill_template(text: str, *, fact: str, record: object, change: object, speaker: Wording) -> str:
    """Return a template with its placeholders filled from a record of a family and from the change."""
    out: list[str] = []
    is_left_out = False
    for piece in parse_template(text)[0]:
        inner = piece.pieces if isinstance(piece, Group) else (piece,)
        values = {hole: _value(hole, record, change) for hole in inner if isinstance(hole, Placeholder)}
        if isinstance(piece, Group) and any(value in (UNSET, None, "", ()) for value in values.values()):
            is_left_out = True
            continue
        if is_left_out and inner[0] == " -> ":
            # An arrow needs something to come from.
            inner = (_ARROW[speaker.language], *inner[1:])
        is_left_out = False
        for part in inner:
            if isinstance(part, Placeholder):
                family = "change" if part.of_change else fact
                out.append(shown(values[part], family=family, field=part.field, speaker=speaker))
            else:
                out.append(part)
    said = "".join(out)
    return _ONE.sub(_singular, said) if speaker.language == "en" else said


def shown(value: object, *, family: str, field: str, speaker: Wording) -> str:
    """Return the value of a field as a message writes it."""
    language = speaker.language
    if value is UNSET:
        return _said("unknown", language)
    if value is None or value in ((), ""):
        return _said("none", language)
    if isinstance(value, bool):
        return _said("yes" if value else "no", language)
    declared = field_called(family, field) if speaker.words else None
    words = speaker.words if declared is not None and (declared.choices or field in _NAMES) else {}
    if isinstance(value, tuple):
        names = tuple(_word(each, family, field, speaker, words) for each in value[:_MOST])
        return say_list(names, len(value) - len(names), Language(language))
    return _word(str(value), family, field, speaker, words)


def _word(value: str, family: str, field: str, speaker: Wording, words: Mapping[str, str]) -> str:
    """Return one value as a reader calls it: members of closed sets are words and not keys."""
    language = speaker.language
    if field == "symbol" and value in _PLACES:
        return _said(_PLACES[value], language)
    if field == "disagrees" and value.endswith(any_version := _said("any-version", "en")):
        value = value.removesuffix(any_version) + _said("any-version", language)
    elif field in ("platforms", "device"):
        value = _PLATFORMS.get(value, value)
    elif field == "surfaces" and language == "en":
        value = _SURFACES.get(value, value)
    elif language == "en" and (declared := field_called(family, field)) and declared.choices:
        value = value.replace("-", " ")
    text = words.get(value, value)
    # White space of any sort is folded, so that a message stays one line whatever the source held.
    return clip(" ".join(text[: _LONGEST * 4].split()), _LONGEST)


def _said(name: str, language: str) -> str:
    return title("shown", name, Language(language))


def _singular(found: re.Match[str]) -> str:
    return found[0].removesuffix("es") if found[0].endswith("branches") else found[0].removesuffix("s")


def _hole(word: str) -> Placeholder:
    family, dot, field = word.rpartition(".")
    if dot and family != "change":
        return Placeholder(field=word)
    return Placeholder(field=field, of_change=bool(dot))


def _value(hole: Placeholder, record: object, change: object) -> object:
    return getattr(change if hole.of_change else record, hole.field, UNSET)


def clip(text: str, length: int) -> str:
    """Return ``text`` in at most ``length`` characters, cut between its items: a path stays whole, or loses its first folders."""
    if len(text) <= length:
        return text
    room = length - 2
    at = max(
        (found.start() for found in _BETWEEN.finditer(text[: room + 1]) if found.start() <= room), default=0
    )
    crossing = _BETWEEN.split(text[at:].lstrip(_STOPS), maxsplit=1)[0]
    if at > length // 4 or (at and "/" in crossing):
        return f"{text[:at].rstrip(_STOPS)} …"
    if "/" in crossing:
        return _shortened(crossing, length)
    return f"{text[: length - 1]}…"


def _shortened(path: str, length: int) -> str:
    parts = path.split("/")[1:]
    while len(parts) > 1 and len("/".join(parts)) > length - 2:
        parts = parts[1:]
    text = f"…/{'/'.join(parts)}"
    return text if len(text) <= length else f"{text[: length - 1]}…"
