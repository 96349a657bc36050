"""The input of conditions: records of a change by family, which of them could not be computed, and joins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from diffscope.facts.model import ChangeFacts, Located, UnknownFamily
from diffscope.facts.vocabulary import records
from diffscope.rules.language.conditions import Place

Truth = bool | None
"""Kleene's three values; ``None`` is unknown."""

_BY_PATH: Final = ("path", "area", "category", "module", "platforms", "old_path")
_NOTHING: Final = ()


class UncertainRecord:
    """A record that may or may not be: what is known of a place whose facts could not be computed; every other field is unknown."""

    def __init__(self, known: Mapping[str, object], source: UnknownFamily) -> None:
        self.__dict__.update(known)
        self.source = source

    def __getattr__(self, name: str) -> object:
        return UNSET


class Context:
    """One change, as conditions see it."""

    def __init__(self, facts: ChangeFacts) -> None:
        self.facts = facts
        self.old_names = {file.path: file.old_path for file in facts.file if file.old_path is not None}
        self._phantoms: dict[str, tuple[UncertainRecord, ...]] = {}
        self._indexes: dict[tuple[str, Place], dict[tuple[object, ...], list[object]]] = {}
        for unknown in facts.unknown:
            phantom = UncertainRecord(self._known_of(unknown.path), unknown)
            self._phantoms[unknown.family] = (*self._phantoms.get(unknown.family, ()), phantom)

    def records(self, family: str) -> tuple[object, ...]:
        """Return the records of a family."""
        return records(self.facts, family)

    def phantoms(self, family: str) -> tuple[UncertainRecord, ...]:
        """Return what stands for the records of a family that could not be computed."""
        return self._phantoms.get(family, _NOTHING)

    def beside(self, record: object, family: str, place: Place) -> tuple[object, ...] | None:
        """Return the records of a family at the same place as a record; ``None`` where its place is unknown."""
        key = place_of(record, place)
        if UNSET in key:
            return None
        index = self._indexes.get((family, place))
        if index is None:
            index = self._indexes[family, place] = {}
            for other in self.records(family):
                index.setdefault(place_of(other, place), []).append(other)
        # A place without a name (no module) is no place to meet at.
        return () if key[-1] is None and place is Place.MODULE else tuple(index.get(key, ()))

    def may_meet(self, record: object, phantom: UncertainRecord, place: Place) -> bool:
        """Say whether an uncomputed record could be at the same place as a record."""
        pairs = zip(place_of(record, place), place_of(phantom, place), strict=True)
        return all(left == right or left is UNSET or right is UNSET for left, right in pairs)

    def _known_of(self, path: str | None) -> dict[str, object]:
        if path is None:
            return {}
        file: Located | None = next((file for file in self.facts.file if file.path == path), None)
        return {"path": path} if file is None else {name: getattr(file, name) for name in _BY_PATH}


def place_of(record: object, place: Place) -> tuple[object, ...]:
    """Return what two records must share to be at the same place."""
    if place is Place.SYMBOL:
        return (getattr(record, "path", UNSET), getattr(record, "symbol", UNSET))
    return (getattr(record, place.value, UNSET),)


def negated(truth: Truth) -> Truth:
    """Return the opposite; the opposite of unknown is unknown."""
    return None if truth is None else not truth
