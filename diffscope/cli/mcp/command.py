"""The command line of ``diffscope mcp``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from diffscope.cli import options
from diffscope.cli.console import DONE
from diffscope.errors import UsageError


@click.command("mcp")
@options.repository_option
@click.option(
    "--source",
    type=click.Choice(["clone", "auto"]),
    default="clone",
    show_default=True,
    help="Where to look for pull requests: only in the clone, or also on GitHub and in recorded facts.",
)
@options.rules_option
@options.cache_option
def mcp(*, repo: Path | None, source: str, rule_folders: tuple[Path, ...], use_cache: bool) -> int:
    """Serve review assistants over the Model Context Protocol.

    The server uses stdin and stdout until the client closes them, is read-only, and answers about one clone.
    Tools: classify, symbol_changes, affected, tests_for_change, explain, report.
    Resources: diffscope://rules, diffscope://rules/CODE, diffscope://vocabulary.
    """
    if find_spec("mcp") is None:
        raise UsageError(
            "the server needs the MCP SDK, which is an extra", hint="pip install 'vllm-diffscope[mcp]'"
        )
    from diffscope.cli.mcp.server import serve
    from diffscope.cli.mcp.tools import ToolSession

    with ToolSession(repo=repo, source=source, rule_folders=rule_folders, use_cache=use_cache) as session:
        serve(session)
    return DONE
