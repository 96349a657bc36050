"""What can be given newly, and what is bounded now -> ``Effect``: told before what edits do, with the question where the value ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diffscope.assessment.document import Effect
from diffscope.facts.model import ChangeFacts, Point
from diffscope.facts.option_defaults import turns_on
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import sentence, text_of

_NAMES: Final = 3
_LONGEST_DEFAULT: Final = 40
_NUMBERS: Final = ("int", "float", "list", "str")
_PAST: Final = {"max_length": 1, "le": 1, "lt": 0, "min_length": -1, "ge": -1, "gt": 0}
"""From a bound to the first whole number that it refuses."""
_BOUNDS: Final[dict[str, MessageCode]] = {
    "max_length": "point.limit-max_length", "min_length": "point.limit-min_length", "le": "point.limit-le", "lt": "point.limit-lt",
    "ge": "point.limit-ge", "gt": "point.limit-gt",
}  # fmt: skip
_NEW: Final[dict[str, MessageCode]] = {
    "request": "point.request",
    "response": "point.response",
    "option": "point.option",
}


def effects_of_points(facts: ChangeFacts) -> Iterator[Effect]:
    """Yield an effect for each point, in their order."""
    for point in facts.point:
        said = {"limit": _limit, "renamed": _renamed}.get(point.what, _new)(point)
        if said is not None:
            both = sentence(said)
            says = Text(en=f"{both.en[:1].upper()}{both.en[1:]}", zh=both.zh)
            yield Effect(
                path=point.path,
                line=point.line,
                symbol=point.names[0],
                says=says,
                checks=tuple(_checks(point)),
                code=f"point-{point.what}",
                leads=point.what != "renamed",
            )


def effects_of_moves(facts: ChangeFacts) -> Iterator[Effect]:
    """Yield one effect for modules and public code that stand elsewhere now: what can still be imported from the old place, and what cannot."""
    files = {
        (one.old_path or "", one.path): one
        for one in facts.file
        if one.status == "renamed" and one.category == "source"
    }
    moved = [
        one
        for one in facts.symbol
        if one.category == "source"
        and one.public
        and one.kind in ("class", "function")
        and "." not in (one.symbol or ".")
        and ":" in (one.moved_from or "")
    ]
    bound = {(one.path, one.symbol): one.still_bound for one in facts.symbol if "removed" in one.aspects}
    pairs = [tuple((one.moved_from or "").rpartition(":")[::2]) for one in moved]
    parts: list[Message] = [
        message("point.moved-module", before=before, after=after)
        for before, after in files
        if before.endswith(".py")
    ]
    gone: list[str] = [_dotted(before) for before, _ in files if before.endswith(".py")]
    by_place: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for one, (path, name) in zip(moved, pairs, strict=True):
        if (path, one.path) not in files and path != one.path:
            by_place.setdefault((path, one.path), []).append((name, bound.get((path, name), False)))
    for (before, after), names in by_place.items():
        kept = tuple(f"`{name}`" for name, is_bound in names if is_bound)
        left = [name for name, is_bound in names if not is_bound]
        gone += [f"{_dotted(before)}.{name}" for name in left]
        parts.append(
            message(
                "point.moved", names=_listed([f"`{name}`" for name, _ in names]), before=before, after=after
            )
        )
        if kept and left:
            parts.append(message("point.kept", names=_listed(list(kept))))
        elif kept:
            parts.append(message("point.kept-all"))
    if not parts:
        return
    shown, rest = tuple(parts[:_NAMES]), len(parts) - _NAMES
    said = message("point.moves", parts=message("list.more", names=shown, more=rest) if rest > 0 else shown)
    asked = (text_of("check.moves", names=_listed([f"`{name}`" for name in gone])),) if gone else ()
    both = sentence(said)
    first = moved[0] if moved else next(iter(files.values()))
    yield Effect(
        path=first.path,
        line=first.line,
        symbol="",
        says=Text(en=f"{both.en[:1].upper()}{both.en[1:]}", zh=both.zh),
        checks=asked,
        code="moves",
        leads=facts.change.kind == "refactor" and len(files) + len(moved) >= _edited(facts),
    )


def _edited(facts: ChangeFacts) -> int:
    """Return how many functions and classes of the product stand where they stood, and do something else."""
    return sum(
        one.category == "source"
        and one.logic
        and one.kind != "variable"
        and "moved" not in one.aspects
        and one.kind != "module"
        for one in facts.symbol
    )


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _listed(names: list[str]) -> Argument:
    rest = len(names) - _NAMES
    return message("list.more", names=tuple(names[:_NAMES]), more=rest) if rest > 0 else tuple(names)


def _renamed(point: Point) -> Message:
    before, after = point.names
    left: Argument = (
        message("point.left", places=tuple(place for _, _, place in point.ends))
        if point.ends
        else message("point.none-left")
    )
    return message("point.renamed", before=before, after=after, places=int(point.value), left=left)


def _field(point: Point) -> str:
    return point.names[0].rpartition(".")[2]


def _owners(point: Point) -> Argument:
    return _listed([f"`{name.rpartition('.')[0]}`" for name in point.names])


def _new(point: Point) -> Message:
    parts: list[str] = [point.type, *point.bounds]
    told: list[str | Message] = [f"`{', '.join(part for part in parts if part)}`"] if any(parts) else []
    if point.default and len(point.default) <= _LONGEST_DEFAULT:
        told.append(message("point.default", default=point.default))
    if point.about:
        told.append(message("point.about", about=point.about))
    detail: Argument = message("point.detail", told=tuple(told)) if told else ""
    name = point.names[0] if point.what == "option" else _field(point)
    return Message(_NEW[point.what], {"name": name, "owners": _owners(point), "detail": detail})


def _limit(point: Point) -> Message | None:
    bound, _, written = point.bounds[0].partition("=")
    if bound not in _BOUNDS:
        return None
    value = point.value or written
    by: Argument = message("point.by", name=written) if point.value and written != point.value else ""
    was: Argument = message("point.was", before=point.before) if point.before else message("point.unbounded")
    return Message(_BOUNDS[bound], {"name": point.names[0], "value": value, "by": by, "was": was})


def _checks(point: Point) -> Iterator[Text]:
    name = _field(point) if point.what != "option" else point.names[0]
    if point.what == "limit":
        bound = point.bounds[0].partition("=")[0]
        if point.value.lstrip("-").isdigit():
            yield text_of(f"check.limit-{_of_length(bound)}", name=name, past=int(point.value) + _PAST[bound])
        else:
            yield text_of("check.limit", name=name, value=point.bounds[0])
        return
    if (
        point.what == "renamed"
        and not point.ends
        and not any(part.startswith("_") for part in point.names[0].split("."))
    ):
        yield text_of("check.renamed-out", before=point.names[0])
    elif point.what == "renamed" and point.ends:
        yield text_of("check.left", before=point.names[0], places=tuple(place for _, _, place in point.ends))
    if point.what in ("response", "renamed"):
        return
    who = "client" if point.what == "request" else "option"
    bounds: Argument = f"`{', '.join(point.bounds)}`" if point.bounds else message("point.no-bounds")
    words: dict[str, Argument] = {"name": name, "bounds": bounds, "default": point.default or "None"}
    for kind, code, place in point.ends[:1]:
        yield text_of(f"check.{kind}-of-{who}", **words, code=code, place=place)
        return
    if not point.read:
        yield text_of("check.unread", **words)
    elif turns_on(point.default):
        yield text_of("check.on-by-default", **words)
    elif who == "client" and point.type.startswith(_NUMBERS) and not point.bounds:
        yield text_of("check.unbounded", **words)


def _of_length(bound: str) -> str:
    return "length" if bound.endswith("length") else "number"
