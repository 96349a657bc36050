"""``diffscope cache``: shows and clears what is cached between runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from diffscope.cli import options
from diffscope.cli.console import say
from diffscope.cli.exits import DONE
from diffscope.cli.publish import write_stdout

if TYPE_CHECKING:
    from diffscope.adapters.cache.cache import CacheInfo


@click.group()
def cache() -> None:
    """Show or clear the cache of outlines, graphs and rules."""


@cache.command()
@options.form_option
def info(*, form: str) -> int:
    """Show where the cache and the store of assessments lie and what they hold.

    What was not used for longest leaves the cache when it reaches its limit; `cache clear` leaves the assessments.
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
