"""Facts of a change between two sets of files, through the real pipeline."""

from __future__ import annotations

from functools import cache

from diffscope.cli.rules.cases import bundled_knowledge, case_facts
from diffscope.facts.knowledge import Knowledge
from diffscope.facts.model import ChangeFacts
from diffscope.rules.authoring.cases import Case, CaseFile
from tests.builders import Files, text


@cache
def knowledge() -> Knowledge:
    """Return the tables that come with the rules."""
    return bundled_knowledge()


def facts(
    before: Files, after: Files, *, tree: Files | None = None, title: str = "[Misc] Change something"
) -> ChangeFacts:
    """Return the facts of the change; ``tree`` holds files that stay as they are."""
    case = Case(
        name="case",
        line=1,
        title=title,
        findings=(),
        tree=_files(tree or {}),
        before=_files(before),
        after=_files(after),
    )
    return case_facts(case, knowledge())


def edit(path: str, before: str, after: str, **rest: str) -> ChangeFacts:
    """Return the facts of one file's change."""
    return facts({path: before}, {path: after}, **rest)


def _files(files: Files) -> tuple[CaseFile, ...]:
    return tuple(
        CaseFile(path=path, text=content.decode() if isinstance(content, bytes) else text(content))
        for path, content in sorted(files.items())
    )
