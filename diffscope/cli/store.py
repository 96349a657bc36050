"""What is kept between runs: ``diffscope store`` joins stores of assessments and writes them as tables, ``diffscope cache`` shows and clears the cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, say
from diffscope.cli.publish import write_stdout
from diffscope.errors import InputError, UsageError

if TYPE_CHECKING:
    from diffscope.adapters.cache.cache import CacheInfo


@click.group(cls=options.CommandGroup)
def store() -> None:
    """Merge stores of assessments from several machines, or export one as tables."""


@store.command()
@click.argument("places", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="STORE...")
@options.profile_option
@options.rules_option
def merge(*, places: tuple[Path, ...], rule_folders: tuple[Path, ...]) -> int:
    """Merge the assessments of other stores into the one beside the cache.

    STORE is an assessments file, or the folder of a cache that holds one: what each job of `classify --shard` leaves. If one was
    filled by another version of diffscope or other rules, it is refused and nothing is merged.
    """
    from diffscope.adapters.cache.store import open_store, read_store
    from diffscope.batch.judging import Judge
    from diffscope.cli.open_workspace import RuleOptions, open_workspace

    with open_workspace(None, RuleOptions(rule_folders)) as workspace, open_store(workspace.folder) as own:
        name = Judge(workspace, own).name
        found = {place: read_store(place) for place in places}
        for place, shard in found.items():
            if shard.counts and name not in shard.counts:
                raise InputError(
                    "the store was filled by other rules, settings or another version of diffscope",
                    at=str(place),
                    hint="use the same diffscope, rules and diffscope.yml in every job and here",
                )
        taken = sum(own.take(shard.entries(name)) for shard in found.values())
        left = sum(
            count for shard in found.values() for judge, count in shard.counts.items() if judge != name
        )
        damaged = sum(shard.damaged for shard in found.values())
        notes = (*workspace.notes, *own.notes)
    rest = f", {left:,} left aside (judged in part, or by others)" if left else ""
    lost = f", {damaged:,} damaged" if damaged else ""
    write_stdout(f"{taken:,} assessments taken{rest}{lost}\n", is_for_people=True)
    if notes:
        raise InputError(f"they were not kept: {notes[0]}", hint="correct that, and merge again")
    return DONE


@store.command()
@click.option(
    "--parquet",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write changes, flags, symbols and files as Parquet files to DIR.",
)
@options.profile_option
@options.rules_option
def export(*, folder: Path | None, rule_folders: tuple[Path, ...]) -> int:
    """Export the assessments of this version and these rules as tables, for DuckDB, pandas, Polars and others.

    docs/tables.md has the columns and worked queries.
    """
    if folder is None:
        raise UsageError("no format is named", hint="--parquet DIR")
    from diffscope.adapters.cache.store import open_store
    from diffscope.adapters.parquet import write_tables
    from diffscope.batch.judging import Judge
    from diffscope.cli.open_workspace import RuleOptions, open_workspace

    with open_workspace(None, RuleOptions(rule_folders)) as workspace, open_store(workspace.folder) as own:
        name = Judge(workspace, own).name
        counts = write_tables(folder, own.judged_by(name))
        notes = own.notes
    if not counts["changes"]:
        raise InputError(
            "the store holds no assessment of these rules and this version",
            hint=notes[0] if notes else "judge a range first: diffscope classify --range A..B",
        )
    told = ", ".join(f"{count:,} {table}" for table, count in counts.items())
    write_stdout(f"{told} written to {folder}\n", is_for_people=True)
    return DONE


@click.group(cls=options.CommandGroup)
def cache() -> None:
    """Show or clear the cache of outlines, graphs and rules."""


@cache.command()
@options.form_option
def info(*, form: str) -> int:
    """Show where the cache and the store of assessments are and what they hold.

    When the cache reaches its limit, what was not used for longest is removed. `cache clear` keeps the assessments.
    """
    from diffscope.adapters.cache.cache import open_cache
    from diffscope.adapters.cache.store import open_store

    with open_cache() as opened, open_store() as store:
        found, kept = opened.info(), store.info()
    if form == "json":
        import msgspec

        from diffscope.render.formats.json import indented

        write_stdout(indented(msgspec.structs.asdict(found) | {"assessments": kept}))
        return DONE
    lines = [line for one in (found, kept) for line in _lines(one)]
    write_stdout("".join(f"{line}\n" for line in lines), is_for_people=True)
    for note in dict.fromkeys((*found.notes, *kept.notes)):
        say(f"note: {note}")
    return DONE


@cache.command()
def clear() -> int:
    """Remove everything from the cache."""
    from diffscope.adapters.cache.cache import open_cache

    with open_cache() as opened:
        freed = opened.clear()
    write_stdout(f"{_size(freed)} freed\n", is_for_people=True)
    return DONE


def _lines(found: CacheInfo) -> Iterator[str]:
    yield str(found.path)
    yield f"{_size(found.bytes)} of at most {_size(found.limit)}"
    for space in found.spaces:
        yield f"  {space.space:<24} {space.entries:>7} entries {_size(space.bytes):>10}"


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
