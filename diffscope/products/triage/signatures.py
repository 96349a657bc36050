"""Whether a call, or an override, goes with a signature, as far as the names of parameters tell."""

from __future__ import annotations

from collections.abc import Sequence

from diffscope.facts.footprint_model import NameUse, Signature

_BY_PLACE = ("positional-only", "positional-or-keyword")
_BY_NAME = ("positional-or-keyword", "keyword-only")


def fits_call(parameters: Sequence[str], use: NameUse, *, is_bound: bool) -> bool:
    """Return whether a call can be made with these parameters; what ``*`` and ``**`` hand on may be anything."""
    listed = [_parsed(each) for each in parameters]
    if is_bound and listed and listed[0][0] in _BY_PLACE:
        listed = listed[1:]
    kinds = {kind for kind, _, _ in listed}
    by_place = [name for kind, name, _ in listed if kind in _BY_PLACE]
    by_name = {name for kind, name, _ in listed if kind in _BY_NAME}
    if use.positional > len(by_place) and "var-positional" not in kinds:
        return False
    if "var-keyword" not in kinds and not set(use.keywords) <= by_name:
        return False
    given = {*by_place[: use.positional], *use.keywords}
    if len(given) < min(use.positional, len(by_place)) + len(use.keywords):
        return False  # one parameter twice
    needed = {
        name for kind, name, has_default in listed if not has_default and kind in {*_BY_PLACE, *_BY_NAME}
    }
    return use.is_open or needed <= given


def fits_override(signature: Sequence[str], own: Sequence[str]) -> bool:
    """Return whether what calls the overridden method with these parameters can call the override too."""
    above, below = [_parsed(each) for each in signature], [_parsed(each) for each in own]
    kinds = {kind for kind, _, _ in below}
    taken = {name for _, name, _ in below}
    places_above = [name for kind, name, _ in above if kind in _BY_PLACE]
    places_below = [name for kind, name, _ in below if kind in _BY_PLACE]
    is_wide = "var-keyword" in kinds
    takes_all = is_wide or all(name in taken or kind.startswith("var-") for kind, name, _ in above[1:])
    has_room = "var-positional" in kinds or len(places_below) >= len(places_above) or is_wide
    known = {name for _, name, _ in above}
    asks_more = any(
        not has_default and name not in known and kind in {*_BY_PLACE, *_BY_NAME}
        for kind, name, has_default in below[1:]
    )
    return takes_all and has_room and not asks_more


def is_breaking(signature: Signature) -> bool:
    """Return whether a call that was right before may be wrong after: a parameter went, is asked for, or has another place."""
    before, after = [_parsed(each) for each in signature.before], [_parsed(each) for each in signature.after]
    names = {name for _, name, _ in after}
    if any(name not in names for kind, name, _ in before if not kind.startswith("var-")):
        return True
    was_needed = {name for _, name, has_default in before if not has_default}
    if any(
        not has_default and name not in was_needed and not kind.startswith("var-")
        for kind, name, has_default in after
    ):
        return True
    old = [name for kind, name, _ in before if kind in _BY_PLACE]
    new = [name for kind, name, _ in after if kind in _BY_PLACE]
    return new[: len(old)] != old


def is_bound(signature: Signature) -> bool:
    """Return whether the first parameter is the object or the class that it is called on."""
    return "." in signature.symbol and not signature.is_static


def _parsed(text: str) -> tuple[str, str, bool]:
    kind, _, name = text.partition(" ")
    return kind, name.removesuffix("="), name.endswith("=")
