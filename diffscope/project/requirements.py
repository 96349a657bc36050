"""Requirements files -> requirements, one a line. The one door to packaging (PEP 440, 503, 508)."""

from __future__ import annotations

import functools
import posixpath
import re
from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.project.model import Requirement
from diffscope.source.model import RepoPath
from diffscope.source.text import split_lines

_INCLUDE = lazy_regex(r"(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)")
_COMMENT = lazy_regex(r"(?:^|\s)#.*$")
_OPTIONS = lazy_regex(r"\s--[a-z-]+(?:[= ]\S+)*")
_REVISION = lazy_regex(r"@[0-9A-Za-z][^/@#]*(?:#|$)|\.whl(?:#|$)|\.(?:tar\.gz|zip)(?:#|$)")
_MAX_LINES: Final = 20_000


def is_requirements_file(path: str) -> bool:
    """Say whether a path is one of vLLM's requirements files: ``requirements/**`` or ``requirements*.txt``."""
    name = path.rpartition("/")[2]
    in_folder = path.startswith("requirements/") and name.endswith((".txt", ".in"))
    return in_folder or (name.startswith("requirements") and name.endswith((".txt", ".in")))


@functools.lru_cache(maxsize=128)
def parse_requirements(text: str, path: RepoPath) -> tuple[Requirement, ...]:
    """Return the requirements of a file in its order; what does not parse carries the reason."""
    found: list[Requirement] = []
    pending, start = "", 0
    for number, line in enumerate(split_lines(text)[:_MAX_LINES], start=1):
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", pending + line).strip()
        pending = ""
        if whole:
            found.append(_read(whole, path, start))
    return tuple(found)


def _read(text: str, path: RepoPath, line: int) -> Requirement:
    include = _INCLUDE.match(text)
    if include is not None:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1]))
        return Requirement(path=path, line=line, name=None, includes=RepoPath(target))
    if text.startswith("-"):
        return Requirement(path=path, line=line, name=None)
    return _requirement(_OPTIONS.sub("", text).strip(), path, line)


def _requirement(text: str, path: RepoPath, line: int) -> Requirement:
    # packaging takes some 20 ms to import; only those who read requirements pay for it.
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415
    from packaging.requirements import Requirement as Parsed  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    if text.startswith(("git+", "http://", "https://")):
        name = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", text)
        known = canonicalize_name(name[1]) if name else None
        pinned = _REVISION.search(text.partition("://")[2]) is not None
        return Requirement(
            path=path, line=line, name=known, url=text, is_pinned=pinned, has_upper_bound=pinned
        )
    try:
        parsed = Parsed(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0] or "not a requirement"
        return Requirement(path=path, line=line, name=None, defect=reason)
    operators = [each.operator for each in parsed.specifier]
    is_exact = any(
        each.operator == "===" or _is_exact(each.operator, each.version) for each in parsed.specifier
    )
    has_revision = parsed.url is not None and _REVISION.search(parsed.url.partition("://")[2]) is not None
    return Requirement(
        path=path,
        line=line,
        name=canonicalize_name(parsed.name),
        specifier=str(parsed.specifier),
        extras=tuple(sorted(parsed.extras)),
        marker=str(parsed.marker or ""),
        url=parsed.url,
        is_pinned=is_exact or has_revision,
        has_upper_bound=is_exact
        or has_revision
        or any(each in {"<", "<=", "~=", "=="} for each in operators),
    )


def _is_exact(operator: str, version: str) -> bool:
    return operator == "==" and not version.endswith("*")
