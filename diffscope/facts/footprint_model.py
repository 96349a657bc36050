"""What of a change can meet another open change: names that it newly uses, signatures, bodies and lines that it edits.

No family that rules ask: it serves those who compare changes with each other, and is not recorded.
"""

from __future__ import annotations

from typing import Literal

from diffscope.source.model import Value

UseHow = Literal["import", "call", "name", "base", "override"]


class NameUse(Value, frozen=True, kw_only=True):
    """A definition of the repository that the change newly names."""

    path: str
    line: int
    symbol: str
    """The symbol that it is named in; empty for the module."""
    module: str
    """Where the definition lies, as far as imports and base classes tell: a dotted module of the repository."""
    name: str
    """Its qualified name there; empty for the module itself."""
    how: UseHow
    positional: int = 0
    """Of a call: arguments by place."""
    keywords: tuple[str, ...] = ()
    """Of a call: arguments by name."""
    is_open: bool = False
    """Of a call: ``*`` or ``**`` hands on what nobody can count, or the arguments cannot be read."""
    parameters: tuple[str, ...] = ()
    """Of an override: its own parameters, as in ``Signature``."""
    goes_on: bool = False
    """Of an override: it calls ``super()`` or the overridden method by its class, so that an edit there reaches it too."""
    members: tuple[str, ...] = ()
    """Of a base class: what the new class defines itself."""


class Signature(Value, frozen=True, kw_only=True):
    """A function that exists before and after, with other parameters.

    A parameter is written ``KIND NAME`` with the kinds of ``inspect.Parameter``, and ``=`` behind it where it has a default.
    """

    path: str
    line: int
    module: str
    symbol: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_static: bool = False
    """Nothing is bound to its first parameter."""


class EditedBody(Value, frozen=True, kw_only=True):
    """A function that exists before and after and whose logic changed."""

    path: str
    line: int
    module: str
    symbol: str
    names: tuple[str, ...]
    """Names on the lines that came or went, sorted; no keywords and no builtins."""
    removed: tuple[str, ...] = ()
    """Those of them that the function does not name any more."""
    added: tuple[str, ...] = ()
    """Those of them that the function did not name before."""
    called: tuple[str, ...] = ()
    """Those of both that its lines only call or import: what is defined elsewhere."""


class FileLines(Value, frozen=True, kw_only=True):
    """The lines of one file that came and went, each as a number made from its text without the blanks around it; none that stood, or stands, elsewhere in it too."""

    path: str
    added: tuple[int, ...]
    removed: tuple[int, ...]


class Footprint(Value, frozen=True, kw_only=True):
    """All of it, sorted by place."""

    uses: tuple[NameUse, ...] = ()
    signatures: tuple[Signature, ...] = ()
    bodies: tuple[EditedBody, ...] = ()
    lines: tuple[FileLines, ...] = ()
    defines: tuple[str, ...] = ()
    """Top-level and member names that the change adds: ``module:Class.method``."""
    says: tuple[str, ...] = ()
    """What its new tests say by their docstrings, then what its new comments say, then what those tests are called."""
