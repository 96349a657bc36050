"""The command ``diffscope``: its commands, loaded when needed, and the handling of errors.

Start-up is hot: a command's module is imported when the command runs, so ``--help`` imports click and nothing else.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import re
import sys
import threading
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import click

from diffscope.cli.console import CLOSED_PIPE, DONE, FAILED, INTERRUPTED
from diffscope.errors import DiffscopeError, UsageError
from diffscope.version import VERSION

PROGRAM: Final = "diffscope"
_NO_COMMAND: Final = re.compile(r"No such command '(.*?)'")
COMPLETION: Final = "_DIFFSCOPE_COMPLETE"
"""Set by a shell that asks what could follow: ``eval "$(_DIFFSCOPE_COMPLETE=bash_source diffscope)"``."""


class Command(NamedTuple):
    """Where a command lives, and its line in the help."""

    place: str
    sentence: str


COMMANDS: dict[str, Command] = {
    "classify": Command(
        "diffscope.cli.classify.command:classify", "Classify one change, or every change of a range."
    ),
    "explain": Command(
        "diffscope.cli.explain:explain",
        "Explain why a rule fired or not on a change, or why a CI step runs for it or not.",
    ),
    "report": Command(
        "diffscope.cli.report.command:report",
        "Write a report on the changes of a week, a range or another window.",
    ),
    "triage": Command(
        "diffscope.cli.triage.command:triage",
        "Compare open pull requests with each other: semantic conflicts, duplicates, order, and a queue for reviewers.",
    ),
    "rules": Command(
        "diffscope.cli.rules.command:rules", "List, show, validate, convert, test and create rules."
    ),
    "graph": Command(
        "diffscope.cli.graph.command:graph", "Query the module graph of a repository at any commit."
    ),
    "doctor": Command(
        "diffscope.cli.doctor:doctor",
        "Find mistakes in the target repository's own declarations: CODEOWNERS, mergify.yml, Buildkite pipelines.",
    ),
    "backtest": Command(
        "diffscope.cli.backtest:backtest",
        "Measure the rules on history: how often each fires, and how often what it flags is fixed later.",
    ),
    "ci": Command("diffscope.cli.ci.command:ci", "Run as a step of a GitHub workflow."),
    "mcp": Command(
        "diffscope.cli.mcp.command:mcp", "Serve review assistants over the Model Context Protocol."
    ),
    "schema": Command(
        "diffscope.cli.generate.schema:schema", "Print the JSON Schema of what diffscope writes."
    ),
    "store": Command(
        "diffscope.cli.store:store",
        "Merge stores of assessments from several machines, or export one as tables.",
    ),
    "cache": Command("diffscope.cli.store:cache", "Show or clear the cache of outlines, graphs and rules."),
    "init": Command(
        "diffscope.cli.init:init", "Write a first diffscope.yml with every setting at its default."
    ),
}


class LazyGroup(click.Group):
    """Knows its commands by name and sentence; imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, name = found.place.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - a mistake in the table above
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.sentence) for name, command in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-V", "--version", message="%(prog)s %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="DIFFSCOPE_CONFIG",
    metavar="FILE",
    help="Settings file. Default: the diffscope.yml in the current folder or above it, up to the top of the repository.",
)
@click.option(
    "--debug",
    is_flag=True,
    envvar="DIFFSCOPE_DEBUG",
    help="Stop at the first internal error of diffscope and show its traceback, for a bug report.",
)
@click.pass_context
def cli(context: click.Context, *, config: Path | None, debug: bool) -> None:
    """Classify the diffs of vLLM pull requests: areas, platforms, reach, risk flags with their evidence.

    Exit codes: 0 done, 1 findings at or above --fail-on, 2 could not run.
    """
    del debug  # options.is_debug() reads it
    # On a pull request the current folder holds the pull request's own settings; `ci` reads those of its base.
    file = config or (None if context.invoked_subcommand == "ci" else _settings_above(Path.cwd()))
    if file is not None:
        from diffscope.adapters.config.settings import read_settings

        context.obj = settings = read_settings(file)
        found = {
            "lang": settings.lang,
            "fail_on": settings.fail_on,
            "outputs": settings.format and [settings.format],
        }
        defaults = {name: value for name, value in found.items() if value is not None}
        # click looks here after the command line and the environment, and before an option's own default.
        context.default_map = dict.fromkeys(COMMANDS, defaults)


def _settings_above(folder: Path) -> Path | None:
    for each in (folder, *folder.parents):
        if os.path.lexists(each / "diffscope.yml"):
            return each / "diffscope.yml"
        if (each / ".git").exists():
            return None
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Every error becomes two lines on stderr; internal ones keep their traceback with --debug."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    is_debug = "--debug" in given or bool(os.environ.get("DIFFSCOPE_DEBUG"))  # click takes the list apart
    # Nearly all that a run makes lives until it ends: looking for garbage every 700 objects is a tenth of its time.
    gc.set_threshold(500_000, 20, 20)
    _open_closed_streams()
    try:
        code = _run(given)
        sys.stdout.flush()
    except DiffscopeError as error:
        return _fail(str(error), error.hint)
    except click.ClickException as error:
        return _fail(_usage_message(error), _near_command(error) or _usage_hint(error, given))
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at exit; without somewhere to flush to it would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except Exception as error:  # noqa: BLE001 - left to Python it would exit with 1, which means findings
        from diffscope.source.attempts import described

        if is_debug:
            traceback.print_exception(error)
        return _fail(
            f"internal error ({described(error)})", "run it again with --debug, and report what it prints"
        )
    finally:
        if arguments is None:
            gc.freeze()  # the process ends: looking through all that is left for cycles is a quarter of a short run
    if arguments is None:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process at once where that can be done: to take apart all that a short run made is a twentieth of it.

    Not where a profiler or a debugger tells something at the end, and not while another thread works.
    """
    if sys.getprofile() or sys.gettrace() or sys.flags.interactive or threading.active_count() > 1:
        return
    atexit._run_exitfuncs()  # noqa: SLF001 - what is registered is done, as at any end
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _open_closed_streams() -> None:
    """Stand in for streams that whoever calls has closed (``>&-``): nothing to read, and what is written fails as on a full disk."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open as long as the process
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - nobody listens


def _run(arguments: list[str]) -> int:
    # click's own main() turns a closed pipe into exit code 1 and an interrupt into a line feed.
    if COMPLETION in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, PROGRAM, COMPLETION, os.environ[COMPLETION])
    try:
        Path.cwd()
    except OSError:
        raise UsageError("the current folder is gone", hint="cd to one that is there") from None
    try:
        with cli.make_context(PROGRAM, arguments) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return code if isinstance(code, int) else DONE


def _fail(message: str, hint: str | None) -> int:
    from diffscope.cli.console import say

    say(f"error: {message}")
    if hint:
        say(f"hint: {hint}")
    return FAILED


def _usage_message(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        group = error.ctx.command
        names = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
        return f"a command is missing: {', '.join(names)}"
    # Newer versions of click tell the nearest command in the message; here that is the hint.
    return error.format_message().partition(" Did you mean '")[0]


def _near_command(error: click.ClickException) -> str | None:
    """Return a hint with the nearest command, where one is asked for that there is not."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    asked = _NO_COMMAND.search(error.message)
    if context is None or asked is None or not isinstance(context.command, click.Group):
        return None
    from diffscope.yaml.reading import nearest

    near = nearest(asked[1], context.command.list_commands(context))
    return f"{near} ({context.command_path} --help lists all)" if near else None


def _usage_hint(error: click.ClickException, given: Sequence[str]) -> str | None:
    if not isinstance(error, click.UsageError):
        return None
    # An option that lacks its argument is told by click's parser, which knows no context.
    command = [word for word in given if word in COMMANDS][:1]
    return f"{error.ctx.command_path if error.ctx else ' '.join((PROGRAM, *command))} --help"
