"""Which variables of the environment were read before a change, and which settings documents name: asked of git, a question each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.render.change_summary import option_of
from diffscope.source.profile import places

_READS: Final = 32
"""Names that are looked for, a question to git each."""
_DOCUMENTS: Final = ("docs", "examples", "README.md")


def as_users_meet_them(
    repository: GitRepository, assessments: Sequence[Assessment]
) -> tuple[Assessment, ...]:
    """Return assessments with what users meet otherwise than the change alone tells.

    A variable of the environment that the code read before is declared, and not new. A field of a configuration that went, and that neither
    an option of the change nor a page of the documents before it names, was nobody's to set.
    """
    asked = 0
    kept = []
    for one in assessments:
        options = {
            option_of(each.name) for each in one.symbols if each.name.startswith(places().code.arguments)
        }
        options |= {each.name for each in one.symbols if each.kind == "cli-flag"}
        symbols = []
        for symbol in one.symbols:
            is_new = symbol.kind == "environment-variable" and "added" in symbol.aspects
            is_gone = symbol.role[:2] == ("config-field", "removed") and option_of(symbol.name) not in options
            if (is_new or is_gone) and asked < _READS:
                asked += 1
                head, last = one.change.pull.head, symbol.name.rpartition(".")[2]
                if is_new and _is_named(repository, head, last, _folders()):
                    symbol = msgspec.structs.replace(symbol, aspects=("declared",))  # noqa: PLW2901
                elif is_gone and not _is_named(repository, head, last, _DOCUMENTS):
                    symbol = msgspec.structs.replace(symbol, role=())  # noqa: PLW2901
            symbols.append(symbol)
        kept.append(msgspec.structs.replace(one, symbols=tuple(symbols)))
    return tuple(kept)


def _is_named(repository: GitRepository, head: str | None, name: str, folders: Sequence[str]) -> bool:
    """Return whether a file of the folders named something before a change."""
    if head is None or not folders:
        return False
    found = run(repository.objects, "grep", "-q", "-w", "-F", "-e", name, f"{head}~", "--", *folders)
    return found.code == 0


def _folders() -> list[str]:
    return [folder.rstrip("/") for folder in places().product]
