"""Requirements and pinned versions that came, went or moved, compared as declarations and not as lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from diffscope.facts.material import Placed
from diffscope.facts.values import DependencyFact
from diffscope.project.dockerfile import is_dockerfile, parse_dockerfile
from diffscope.project.requirements import is_requirements_file, parse_requirements
from diffscope.project.values import Requirement
from diffscope.source.values import RepoPath

if TYPE_CHECKING:
    from packaging.version import Version

_CORE = re.compile(
    r"^(?:torch(?:vision|audio)?|triton(?:-\w+)*|pytorch-triton(?:-\w+)?|flashinfer(?:-\w+)*|transformers|(?:amd-)?aiter|cutlass|nvidia-cutlass-dsl(?:-\w+)*|"
    r"cuda|rocm|cudnn|nccl|nvidia-nccl-cu\d+|nixl(?:-\w+)*|xgrammar|llguidance|outlines(?:-core)?|compressed-tensors|flash-attn|vllm-flash-attn|flash-?mla|"
    r"deep-?gemm|deep-?ep|pplx-kernels|numba|ray|tokenizers|mistral-common|intel-extension-for-pytorch|vllm-xpu-kernels|zentorch|tpu-inference|pytorch|"
    r"(?:\w+_)?(?:cuda|rocm|pytorch|torch|triton|aiter|flashinfer|nccl|nixl|deepgemm|deepep)_?(?:version|branch|commit|tag|ref|hash)?|base_?image)$",
    re.IGNORECASE,
)
_CMAKE_TAG = re.compile(r"FetchContent_Declare\s*\(\s*(\w[\w-]*)(?P<rest>[^)]*)\)", re.IGNORECASE)
_CMAKE_REVISION = re.compile(r"\bGIT_TAG\s+\"?([^\s\")]+)")
_NUMBERS = re.compile(r"\d+")


class _Declared(NamedTuple):
    name: str
    kind: str
    version: str
    line: int
    pinned: bool
    bounded: bool
    condition: str = ""


def collect_dependencies(
    placed: Iterable[Placed], known: Callable[[], Iterable[Requirement]] = tuple
) -> tuple[DependencyFact, ...]:
    """Return the dependency facts, by path and line. ``known`` gives the requirements of the base, for bounds that disagree."""
    concerned = [one for one in placed if one.material.read and _declares(one.fact.path)]
    others = tuple(known()) if concerned else ()
    facts = [fact for one in concerned for fact in _of_file(one, others)]
    return tuple(sorted(facts, key=lambda fact: (fact.path, fact.line, fact.name, fact.kind)))


def _declares(path: str) -> bool:
    return is_requirements_file(path) or is_dockerfile(path) or _is_cmake(path)


def _of_file(placed: Placed, others: tuple[Requirement, ...]) -> Iterator[DependencyFact]:
    path = placed.fact.path
    before = {(one.name, one.kind, one.condition): one for one in _declared(path, placed.material.before)}
    after = {(one.name, one.kind, one.condition): one for one in _declared(path, placed.material.after)}
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        change = _change(old, new)
        standing = new or old
        if change is None or standing is None:
            continue
        yield DependencyFact(
            **placed.spot(standing.line, side="new" if new else "old"),
            name=standing.name,
            change=change,
            before=old.version if old else None,
            after=new.version if new else None,
            pinned=bool(new and new.pinned),
            bounded=bool(new and new.bounded),
            core=bool(_CORE.match(standing.name)),
            kind=standing.kind,
            disagrees=_disagreements(new, path, others) if new and new.kind == "requirement" else (),
        )


def _is_cmake(path: str) -> bool:
    return path.endswith(("CMakeLists.txt", ".cmake"))


def _declared(path: str, content: bytes | None) -> tuple[_Declared, ...]:
    text = (content or b"").decode("utf-8", "replace")
    if is_requirements_file(path):
        return tuple(_requirement(one) for one in parse_requirements(text, RepoPath(path)) if one.name)
    if is_dockerfile(path):
        return tuple(
            _Declared(
                pin.name,
                f"docker-{pin.kind}" if pin.kind == "argument" else pin.kind,
                pin.version,
                pin.line,
                pin.is_pinned,
                pin.is_pinned,
            )
            for pin in parse_dockerfile(text, RepoPath(path))
        )
    return tuple(_cmake(text))


def _requirement(one: Requirement) -> _Declared:
    version = one.url or one.specifier
    return _Declared(
        one.name or "",
        "requirement",
        version,
        one.line,
        one.is_pinned,
        one.has_upper_bound or one.is_pinned,
        one.marker,
    )


def _cmake(text: str) -> Iterator[_Declared]:
    for match in _CMAKE_TAG.finditer(text):
        revision = _CMAKE_REVISION.search(match["rest"])
        if revision:
            line = text.count("\n", 0, match.start() + match[0].index(revision[0])) + 1
            pinned = bool(re.fullmatch(r"[0-9a-f]{7,40}|v?\d[\w.]*", revision[1]))
            yield _Declared(match[1], "cmake-tag", revision[1], line, pinned, pinned)


def _change(old: _Declared | None, new: _Declared | None) -> str | None:
    if old is None or new is None:
        return "added" if new else "removed" if old else None
    if old.version == new.version:
        return None
    if old.pinned and new.pinned:
        return _direction(old.version, new.version)
    if old.bounded and not new.bounded:
        return "loosened"
    if new.bounded and not old.bounded:
        return "tightened"
    return _direction(old.version, new.version)


def _direction(old: str, new: str) -> str:
    before, after = _lowest(old), _lowest(new)
    if before is None or after is None or before == after:
        return "changed"
    return "raised" if after > before else "lowered"


def _lowest(text: str) -> Version | None:
    """Return the version that a specifier, tag or image stands for; ``None`` for a commit or a name."""
    # packaging takes some 20 ms to import; only changes of versions pay for it.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        versions = [Version(one.version.removesuffix(".*")) for one in SpecifierSet(text)]
        return min(versions, default=None)
    except (InvalidSpecifier, InvalidVersion):
        pass
    try:
        return Version(text.rpartition(":")[2].removeprefix("v"))
    except InvalidVersion:
        pass
    if re.fullmatch(r"[0-9a-f]{7,40}", text):
        return None
    numbers = _NUMBERS.findall(text.rpartition(":")[2])
    return Version(".".join(numbers[:4])) if numbers else None


def _disagreements(new: _Declared, path: str, others: tuple[Requirement, ...]) -> tuple[str, ...]:
    found = (
        f"{one.path}:{one.line} {one.specifier or one.url or 'any version'}"
        for one in others
        if one.name == new.name
        and one.path != path
        and one.marker == new.condition
        and (one.specifier or one.url or "") != new.version
    )
    return tuple(sorted(set(found)))[:10]
