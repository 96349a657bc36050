"""Assessments as rows of flat tables, for analysis: changes, flags, symbols, files. docs/tables.md shows their columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar, get_type_hints

from msgspec import Meta

from diffscope.assessment.document import Assessment
from diffscope.rules.model import every_flag
from diffscope.source.model import Value

_Row = TypeVar("_Row", bound="Row")


class Row(Value, frozen=True, kw_only=True):
    """What every row tells of its change."""

    repository: Annotated[str, Meta(description="Owner and name.")]
    number: Annotated[int | None, Meta(description="The pull request; null for a commit of none.")]
    head: Annotated[
        str | None, Meta(description="The commit that was judged; with `repository` the key of `changes`.")
    ]


class ChangeRow(Row, frozen=True, kw_only=True):
    """One for each change."""

    title: Annotated[str, Meta(description="As written.")]
    author: Annotated[str | None, Meta(description="Login, or the name that the commit gives.")]
    merged_at: Annotated[str | None, Meta(description="ISO 8601, UTC.")]
    kind: Annotated[str, Meta(description="feature, fix, refactor, ...")]
    level: Annotated[str, Meta(description="none, low, medium, high, critical or unknown.")]
    importance: Annotated[float, Meta(description="0 to 10.")]
    insight: Annotated[float, Meta(description="0 to 10.")]
    files: Annotated[int, Meta(description="Changed files.")]
    additions: Annotated[int, Meta(description="Lines.")]
    deletions: Annotated[int, Meta(description="Lines.")]
    area: Annotated[str | None, Meta(description="The one with the largest share.")]
    areas: Annotated[tuple[str, ...], Meta(description="All, the largest share first.")]
    tags: Annotated[tuple[str, ...], Meta(description="In the order of the assessment.")]
    platforms: Annotated[tuple[str, ...], Meta(description="cuda, rocm, ...")]
    complete: Annotated[bool, Meta(description="Whether nothing was missing to judge it.")]
    version: Annotated[str, Meta(description="The diffscope that judged it.")]


class FlagRow(Row, frozen=True, kw_only=True):
    """One for each flag of a change, including those that another flag covers."""

    code: Annotated[str, Meta(description="CP101, ...")]
    rule: Annotated[str, Meta(description="The rule's name.")]
    family: Annotated[str, Meta(description="The rule's family.")]
    severity: Annotated[str, Meta(description="low, medium, high or critical.")]
    confidence: Annotated[str, Meta(description="low, medium or high.")]
    covered_as: Annotated[str | None, Meta(description="Why another flag covers it; null if none does.")]
    waived: Annotated[bool, Meta(description="Whether the pull request waives it.")]
    path: Annotated[str | None, Meta(description="Of its first place.")]
    line: Annotated[int | None, Meta(description="Of its first place.")]
    symbol: Annotated[str | None, Meta(description="Of its first place.")]
    places: Annotated[int, Meta(description="How many places made it fire.")]
    message: Annotated[str, Meta(description="English.")]
    fingerprint: Annotated[str, Meta(description="The same after a rebase.")]


class SymbolRow(Row, frozen=True, kw_only=True):
    """One for each changed symbol."""

    path: Annotated[str, Meta(description="Its file.")]
    line: Annotated[int, Meta(description="Counted from 1.")]
    name: Annotated[str, Meta(description="Qualified.")]
    kind: Annotated[str, Meta(description="class, function, method, kernel, ...")]
    aspects: Annotated[tuple[str, ...], Meta(description="added, removed, body, signature, ...")]
    logic: Annotated[bool, Meta(description="Whether it does something else now.")]
    moved_from: Annotated[str | None, Meta(description="Its former name or place.")]


class FileRow(Row, frozen=True, kw_only=True):
    """One for each changed file."""

    path: Annotated[str, Meta(description="After the change.")]
    old_path: Annotated[str | None, Meta(description="Before it, where that differs.")]
    status: Annotated[str, Meta(description="added, modified, deleted, renamed, ...")]
    category: Annotated[str, Meta(description="source, test, native, docs, ...")]
    change_type: Annotated[str, Meta(description="What kind of edit it is.")]
    area: Annotated[str, Meta(description="Where it belongs.")]
    module: Annotated[str | None, Meta(description="Its dotted name.")]
    owners: Annotated[tuple[str, ...], Meta(description="By CODEOWNERS.")]
    additions: Annotated[int, Meta(description="Lines.")]
    deletions: Annotated[int, Meta(description="Lines.")]
    importance: Annotated[float, Meta(description="Its share of the change.")]


TABLES: Final[dict[str, type[Row]]] = {
    "changes": ChangeRow,
    "flags": FlagRow,
    "symbols": SymbolRow,
    "files": FileRow,
}


def rows_of(assessment: Assessment) -> dict[str, tuple[Row, ...]]:
    """Return the rows of one assessment by table."""
    change, pull = assessment.change, assessment.change.pull
    areas = tuple(one.area for one in assessment.areas)
    whole = _row(
        ChangeRow,
        assessment,
        assessment,
        title=pull.title,
        author=pull.author_login or pull.author,
        merged_at=pull.merged_at,
        level=assessment.risk.level.value,
        importance=assessment.importance.value,
        insight=assessment.insight.value,
        files=change.files,
        additions=change.additions,
        deletions=change.deletions,
        area=areas[0] if areas else None,
        areas=areas,
        complete=assessment.completeness.complete,
        version=assessment.tool.version,
    )
    return {
        "changes": (whole,),
        "flags": tuple(_flags(assessment)),
        "symbols": tuple(_row(SymbolRow, assessment, one) for one in assessment.symbols),
        "files": tuple(_row(FileRow, assessment, one, owners=one.owners or ()) for one in assessment.files),
    }


def _row(kind: type[_Row], assessment: Assessment, source: object, **other: Any) -> _Row:
    """Return a row with the key of its change, ``other``, and of its source what goes by the names of the other columns."""
    pull = assessment.change.pull
    known: dict[str, Any] = {"repository": pull.repository, "number": pull.number, "head": pull.head, **other}
    same = {name: getattr(source, name) for name in kind.__struct_fields__ if name not in known}
    return kind(**known, **same)


def _flags(assessment: Assessment) -> Iterator[FlagRow]:
    waived = tuple(one.flag for one in assessment.waived)
    for flag in (*every_flag(assessment.flags), *waived):
        first = flag.evidence[0] if flag.evidence else None
        yield _row(
            FlagRow,
            assessment,
            flag,
            rule=flag.name,
            severity=flag.severity.value,
            waived=flag in waived,
            path=first.path if first else None,
            line=first.line if first else None,
            symbol=first.symbol if first else None,
            places=flag.places,
            message=flag.message.en,
        )


def columns_page() -> str:
    """Return the tables with their columns in Markdown."""
    parts = []
    for name, row in TABLES.items():
        hints = get_type_hints(row, include_extras=True)
        lines = [
            f"| `{each}` | {_kind(hints[each])} | {hints[each].__metadata__[0].description} |"
            for each in hints
        ]
        parts.append(
            "\n".join(
                (
                    f"### {name}\n",
                    f"{row.__doc__}\n",
                    "| column | type | what |",
                    "| --- | --- | --- |",
                    *lines,
                )
            )
        )
    return "\n\n".join(parts)


def _kind(hint: Any) -> str:
    return {
        str: "string",
        int: "int64",
        float: "double",
        bool: "boolean",
        str | None: "string, nullable",
        int | None: "int64, nullable",
        tuple[str, ...]: "list of string",
    }[hint.__origin__]
