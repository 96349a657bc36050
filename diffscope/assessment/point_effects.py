"""New settings, fields, limits and names, moved code and pitfalls -> ``Effect`` s, put before those of edits, each with its questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from diffscope.assessment.document import Effect
from diffscope.facts.model import ChangeFacts, Located, Point, SymbolFact
from diffscope.facts.parsed_text import turns_on
from diffscope.messages.codes import MessageCode
from diffscope.messages.model import Argument, Message, Text, message
from diffscope.messages.say import sentence, text_of
from diffscope.source.profile import places
from diffscope.syntax.nodes import brief

_NAMES: Final = 3
_LONGEST_DEFAULT: Final = 40
_LONGEST_VALUE: Final = 100
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
    "field": "point.field",
    "option": "point.option",
}
_PITFALLS: Final[dict[str, MessageCode]] = {
    "written": "point.written",
    "asserted": "point.asserted",
    "demanded": "point.demanded",
    "due": "point.due",
    "partly": "point.partly",
    "needed": "point.needed",
}


def with_points(effects: list[Effect], facts: ChangeFacts) -> list[Effect]:
    """Return the effects of edits with those of points and moves, what leads first; one that repeats a question has none."""
    points = [*_under_switches([*_of_points(facts)]), *_of_globals(facts), *_of_moves(facts)]
    found = [one for one in effects if not (points and one.vague)]
    points = points if points or found else [*_of_attributes(facts)]
    # What moved or has another name is the point where nothing else is.
    points = points if found else [msgspec.structs.replace(one, leads=True) for one in points]
    found = sorted([*(one for one in points if one.leads), *found], key=lambda one: not one.leads)
    behind = [one for one in points if not one.leads]
    # What may fail is told behind what is done first, and asked before anything else.
    pitfalls = [one for one in behind if one.code.removeprefix("point-") in {*_PITFALLS, "unset"}]
    asked_first = [msgspec.structs.replace(one, leads=True) for one in pitfalls]
    found = [*found[:1], *asked_first, *found[1:], *(one for one in behind if one not in pitfalls)]
    asked: set[str] = set()
    told = []
    for one in found:
        # Of tests all questions are much the same.
        code = "test" if places().is_test(one.path) else one.code
        told.append(msgspec.structs.replace(one, checks=()) if code in asked else one)
        asked |= {code} if one.checks else set()
    return told


def _of_points(facts: ChangeFacts) -> Iterator[Effect]:
    for point in facts.point:
        say = (
            _pitfall
            if point.what in _PITFALLS
            else {"limit": _limit, "renamed": _renamed}.get(point.what, _new)
        )
        said = say(point) if point.what != "asserted" or _is_narrower(point.names[1], facts) else None
        if said is not None:
            checks = tuple(_checks(point))
            leads = point.what not in ("renamed", *_PITFALLS)
            yield _effect(point, point.names[0], said, checks, code=f"point-{point.what}", leads=leads)


def _under_switches(points: list[Effect]) -> list[Effect]:
    """Return effects, the settings that begin with the whole name of another new one told with that: it turns them on."""
    options = [one for one in points if one.code == "point-option"]
    for switch in sorted(options, key=lambda one: len(one.symbol), reverse=True):
        parts = [one for one in options if one.symbol.startswith((f"{switch.symbol}-", f"{switch.symbol}_"))]
        if not parts:
            continue
        names = _listed([one.symbol for one in parts])
        said = {"en": switch.says.en, "zh": switch.says.zh}
        both = Text(
            **{
                lang: getattr(sentence(message("point.with", said=text, names=names)), lang)
                for lang, text in said.items()
            }
        )
        checks = switch.checks or next((one.checks for one in parts if one.checks), ())
        told = msgspec.structs.replace(switch, says=both, checks=checks)
        behind = [
            msgspec.structs.replace(one, leads=False, checks=()) if one in parts else one for one in points
        ]
        points = [told, *(one for one in behind if one is not switch)]
    return points


def _of_attributes(facts: ChangeFacts) -> Iterator[Effect]:
    """Yield one effect for each attribute that classes which stood get newly, with its value."""
    new = {one.symbol for one in facts.symbol if one.kind == "class" and "added" in one.aspects}
    for one in facts.symbol:
        owner, _, name = (one.symbol or "").rpartition(".")
        is_attribute = one.kind == "variable" and "added" in one.aspects and one.category == "source"
        if is_attribute and owner and owner not in new and one.value_after and one.logic:
            words: dict[str, Argument] = {
                "name": name,
                "owner": owner,
                "value": brief(one.value_after, _LONGEST_VALUE),
            }
            said, asked = Message("point.attribute", words), text_of("check.attribute", **words)
            yield _effect(one, one.symbol or "", said, (asked,), code="point-attribute", leads=True)


def _of_globals(facts: ChangeFacts) -> Iterator[Effect]:
    """Yield one effect for each setting of the whole process that is no longer made, and that nothing of the change makes instead."""
    made = {one.target for one in facts.write if one.change != "removed"}
    for one in facts.write:
        is_global = one.what in ("environment", "library-state", "patch") and one.category == "source"
        if is_global and one.change == "removed" and one.target not in made:
            words: dict[str, Argument] = {
                "where": one.path.rpartition("/")[2]
                if one.symbol in (None, "<module>")
                else one.symbol or "",
                "code": one.assigned or one.called or one.target,
                "name": one.target,
            }
            said, asked = Message("point.unset", words), text_of("check.unset", **words)
            yield _effect(one, one.symbol or "", said, (asked,), code="point-unset", leads=False)


def _effect(
    at: Point | Located, symbol: str, said: Message, checks: tuple[Text, ...], *, code: str, leads: bool
) -> Effect:
    both = sentence(said)
    says = Text(en=f"{both.en[:1].upper()}{both.en[1:]}", zh=both.zh)
    return Effect(path=at.path, line=at.line, symbol=symbol, says=says, checks=checks, code=code, leads=leads)


def _of_moves(facts: ChangeFacts) -> Iterator[Effect]:
    """Yield one effect for modules and public code that stand elsewhere now: what can still be imported from the old place, and what cannot."""
    files = {
        (one.old_path or "", one.path): one
        for one in facts.file
        if one.status == "renamed" and one.category == "source" and one.path.endswith(".py")
    }
    moved = [one for one in facts.symbol if _is_moved(one)]
    parts = [message("point.moved-module", before=before, after=after) for before, after in files]
    gone = [_dotted(before) for before, _ in files]
    bound = {(one.path, one.symbol): one.still_bound for one in facts.symbol if "removed" in one.aspects}
    by_place: dict[tuple[str, str], list[str]] = {}
    for one in moved:
        path, _, name = (one.moved_from or "").rpartition(":")
        if (path, one.path) not in files and path != one.path:
            by_place.setdefault((path, one.path), []).append(name)
    for (before, after), names in by_place.items():
        kept = [name for name in names if bound.get((before, name))]
        gone += [f"{_dotted(before)}.{name}" for name in names if name not in kept]
        parts.append(message("point.moved", names=_listed(names), before=before, after=after))
        if kept:
            is_all = len(kept) == len(names)
            parts.append(message("point.kept-all") if is_all else message("point.kept", names=_listed(kept)))
    if not parts:
        return
    shown, rest = tuple(parts[:_NAMES]), len(parts) - _NAMES
    said = message("point.moves", parts=message("list.more", names=shown, more=rest) if rest > 0 else shown)
    asked = (text_of("check.moves", names=_listed(gone)),) if gone else ()
    first = moved[0] if moved else next(iter(files.values()))
    leads = facts.change.kind == "refactor" and len(files) + len(moved) >= _edited(facts)
    yield _effect(first, "", said, asked, code="moves", leads=leads)


def _is_moved(symbol: SymbolFact) -> bool:
    is_code = symbol.category == "source" and symbol.public and symbol.kind in ("class", "function")
    return is_code and "." not in (symbol.symbol or ".") and ":" in (symbol.moved_from or "")


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
    names = [f"`{name}`" for name in names]
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
    return _listed([name.rpartition(".")[0] for name in point.names])


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


def _is_narrower(function: str, facts: ChangeFacts) -> bool:
    """Return whether a function does something in fewer cases than it did, and so may give less back."""
    return any(one.symbol == function and one.direction == "narrowed" for one in facts.condition)


def _pitfall(point: Point) -> Message:
    _, code, place = point.ends[0]
    return Message(
        _PITFALLS[point.what],
        {
            "where": point.names[0],
            "name": point.names[1],
            "code": code,
            "line": place.rpartition(":")[2],
            "place": place,
        },
    )


def _limit(point: Point) -> Message | None:
    bound, _, written = point.bounds[0].partition("=")
    if bound not in _BOUNDS:
        return None
    value = point.value or written
    by: Argument = message("point.by", name=written) if point.value and written != point.value else ""
    was: Argument = message("point.was", before=point.before) if point.before else message("point.unbounded")
    return Message(_BOUNDS[bound], {"name": point.names[0], "value": value, "by": by, "was": was})


def _checks(point: Point) -> Iterator[Text]:
    if point.what == "limit":
        yield _asked_of_limit(point)
    elif point.what == "renamed":
        yield from _asked_of_name(point)
    elif point.what in _PITFALLS:
        yield text_of(f"check.{point.what}", **_pitfall(point).arguments)
    elif point.what in ("request", "option"):
        yield from _asked_of_value(point)


def _asked_of_limit(point: Point) -> Text:
    bound, name = point.bounds[0].partition("=")[0], _field(point)
    if not point.value.lstrip("-").isdigit():
        return text_of("check.limit", name=name, value=point.bounds[0])
    what = "length" if bound.endswith("length") else "number"
    return text_of(f"check.limit-{what}", name=name, past=int(point.value) + _PAST[bound])


def _asked_of_name(point: Point) -> Iterator[Text]:
    if point.ends:
        places = tuple(place for _, _, place in point.ends)
        yield text_of("check.left", before=point.names[0], places=places)
    elif not any(part.startswith("_") for part in point.names[0].split(".")):
        yield text_of("check.renamed-out", before=point.names[0])


def _asked_of_value(point: Point) -> Iterator[Text]:
    """Yield the question where a value ends; none of a name that is too common to be looked for."""
    is_option = point.what == "option"
    bounds: Argument = f"`{', '.join(point.bounds)}`" if point.bounds else message("point.no-bounds")
    words: dict[str, Argument] = {
        "name": point.names[0] if is_option else _field(point), "bounds": bounds, "default": point.default or "None",
    }  # fmt: skip
    kind, code, place = point.ends[0] if point.ends else ("", "", "")
    if kind not in ("", "unknown"):
        who = "option" if is_option else "client"
        yield text_of(f"check.{kind}-of-{who}", **words, code=code, place=place)
    elif kind == "" and not point.read:
        yield text_of("check.unread", **words)
    elif turns_on(point.default):
        yield text_of("check.on-by-default", **words)
    elif point.what == "request" and point.default in ("True", "False"):
        yield text_of("check.request-switch", **words)
    elif is_option and point.default == "False":
        yield text_of("check.off-by-default", **words)
    elif kind == "" and not (is_option or point.bounds) and point.type.startswith(_NUMBERS):
        is_number = point.type.startswith(("int", "float"))
        yield text_of("check.unbounded-number" if is_number else "check.unbounded-length", **words)
