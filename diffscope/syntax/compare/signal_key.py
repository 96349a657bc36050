"""Values of a walk over a unit: named code, signals with a comparison key, their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from diffscope.syntax.model import Signal

Key = tuple[object, ...]
"""What makes two pieces of code one: their canonical form."""


class Named(NamedTuple):
    """A piece of code: how it reads, and what it is whatever its form."""

    text: str
    key: Key
    is_exit: bool = False
    """For a condition: known to be false because an ``if`` further up leaves the block."""


NOTHING: Final = Named("", ())
"""No code at all."""


class KeyedSignal(NamedTuple):
    """A signal with its identity: equal keys are equal code, guards left aside."""

    signal: Signal
    key: Key
    guards: tuple[Key, ...]
    """The conditions around it; ``signal.guards`` holds those of early exits too."""
    exits: int
    """How many early exits it stands behind."""


class Place(NamedTuple):
    """What holds where a walk stands: conditions, kind of function, loop, and what a value goes to."""

    guards: tuple[Named, ...] = ()
    in_async: bool = False
    in_loop: bool = False
    target: Named = NOTHING
    """The name or keyword that a value goes to."""
    use: str = ""
    """What takes a value: the name of the called, ``==`` for a comparison; empty for neither."""
    is_inner: bool = False
    """In a function inside the unit."""
    globals: frozenset[str] = frozenset()


INNER: Final[Mapping[str, Any]] = {
    "in_loop": False,
    "target": NOTHING,
    "use": "",
    "globals": frozenset(),
    "is_inner": True,
}
"""What a function inside changes of the place around it."""
