"""Marks in compared files everything that was only moved."""

from __future__ import annotations

from collections.abc import Iterable

from diffscope.facts.change.changed_file import FileMaterial
from diffscope.facts.moves.extractions import join_extractions
from diffscope.facts.moves.local_renames import without_local_renames
from diffscope.facts.moves.symbols import join_symbols


def join_moves(files: Iterable[FileMaterial]) -> tuple[FileMaterial, ...]:
    """Return the files, in their order, with what moved between symbols and files marked, and its unchanged parts left out."""
    return join_extractions(join_symbols(map(without_local_renames, files)))
