"""``diffscope cache``: what is kept between runs, and how to be rid of it."""

from __future__ import annotations

import click

from diffscope.cli.exits import DONE
from diffscope.cli.publish import write_stdout


@click.group()
def cache() -> None:
    """Show or clear the cache of outlines, graphs and rules."""


@cache.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)
def info(*, form: str) -> int:
    """Show where the cache lies and what it holds."""
    from diffscope.adapters.cache import open_cache

    with open_cache() as opened:
        found = opened.info()
    if form == "json":
        from diffscope.render.json import indented

        write_stdout(indented(found))
        return DONE
    lines = [f"{found.path}", f"{_size(found.bytes)} of at most {_size(found.limit)}"]
    lines += [
        f"  {space.space:<24} {space.entries:>7} entries {_size(space.bytes):>10}" for space in found.spaces
    ]
    lines += [f"note: {note}" for note in found.notes]
    write_stdout("".join(f"{line}\n" for line in lines), is_for_people=True)
    return DONE


@cache.command()
def clear() -> int:
    """Remove everything from the cache."""
    from diffscope.adapters.cache import open_cache

    with open_cache() as opened:
        freed = opened.clear()
    write_stdout(f"{_size(freed)} freed\n", is_for_people=True)
    return DONE


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
