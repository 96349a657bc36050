"""What becomes of a command line: help, errors, exit codes, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from diffscope.cli import main as module
from diffscope.cli.console import CLOSED_PIPE, FAILED, INTERRUPTED
from diffscope.cli.options import FORMATS
from diffscope.errors import ConfigurationError, DiffscopeError
from diffscope.version import VERSION
from tests.cli.conftest import MakeProject
from tests.cli.harness import ROOT, Outcome

HEAVY = {
    "github",
    "requests",
    "jinja2",
    "networkx",
    "tree_sitter",
    "yaml",
    "re2",
    "sqlite3",
    "unidiff",
    "msgspec",
    "asyncio",
}


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("classify", "--help"), ("rules", "--help")], ids=" ".join
)
def test_start_up_imports_nothing_heavy(arguments: tuple[str, ...], project: MakeProject) -> None:
    """Help must be instant: click and our own table of commands, nothing that a change needs."""
    script = (
        "import sys, json\nfrom diffscope.cli.main import main\nmain(sys.argv[1:])\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=project().folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert HEAVY & set(json.loads(done.stderr)) == set()


def test_importing_the_package_imports_nothing_else(project: MakeProject) -> None:
    """`import diffscope` gives names, not modules: each is imported when it is used."""
    script = (
        "import diffscope, sys; print(sorted(name for name in sys.modules if name.startswith('diffscope')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project().folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout.decode().replace("'", '"')) == ["diffscope", "diffscope.version"]


def test_facts_at_hand_are_judged_without_what_collects_facts() -> None:
    script = (
        "import sys, diffscope.workspace; print({'diffscope.facts.collect', 'diffscope.syntax.compare.compare', "
        "'diffscope.facts.change.changed_file'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"set()\n"


@pytest.mark.parametrize("name", module.COMMANDS)
def test_every_command_loads_and_says_in_help_what_the_table_says(name: str) -> None:
    """The table's sentence is the first of the command's own help."""
    command = module.cli.get_command(click.Context(module.cli), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == module.COMMANDS[name].sentence


USAGE = [
    pytest.param(
        ("--frobnicate",), "No such option '--frobnicate'.", "diffscope --help", id="an unknown option"
    ),
    pytest.param(
        ("clasify",),
        "No such command 'clasify'.",
        "did you mean 'classify'? (diffscope --help lists all)",
        id="an unknown command",
    ),
    pytest.param(
        ("cache", "clera"),
        "No such command 'clera'.",
        "did you mean 'clear'? (diffscope cache --help lists all)",
        id="an unknown command of a group",
    ),
    pytest.param(
        ("zzzz",), "No such command 'zzzz'.", "diffscope --help", id="a word that is near no command"
    ),
    pytest.param(
        ("cache",),
        "a command is missing: clear, info",
        "diffscope cache --help",
        id="a group without a command",
    ),
    pytest.param(
        ("classify", "--lang", "fr", "1"),
        "Invalid value for '--lang': 'fr' is not one of 'en', 'zh'.",
        "diffscope classify --help",
        id="a language that there is not",
    ),
    pytest.param(
        ("classify", "--format", "yaml", "1"),
        f"Invalid value for '--format': 'yaml' is not a format; there are {', '.join(FORMATS)}",
        "diffscope classify --help",
        id="a format that there is not",
    ),
    pytest.param(
        ("classify", "--format", "json:", "1"),
        "Invalid value for '--format': 'json:' names no file",
        "diffscope classify --help",
        id="a format with an empty file",
    ),
]


@pytest.mark.parametrize(("arguments", "message", "hint"), USAGE)
def test_a_command_line_that_makes_no_sense(
    arguments: tuple[str, ...], message: str, hint: str, project: MakeProject
) -> None:
    """Two lines on stderr, exit 2, nothing on stdout."""
    assert project().run(*arguments) == Outcome(2, "", f"error: {message}\nhint: {hint}\n")


def test_version_and_help_are_results(project: MakeProject) -> None:
    """They go to stdout and exit with 0."""
    assert project().run("--version") == Outcome(0, f"diffscope {VERSION}\n", "")
    outcome = project().run("-h")
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert outcome.out.startswith("Usage: diffscope [OPTIONS] COMMAND")


@click.command()
def _raising() -> None:
    raise RAISED[0]


RAISED: list[BaseException] = []


def _run_raising(error: BaseException, project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    RAISED[:] = [error]
    monkeypatch.setitem(module.COMMANDS, "raise", module.Command(f"{__name__}:_raising", ""))
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return project().run("raise")


def test_our_errors_become_two_lines(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where, what, and what to do next; escape sequences in them are shown."""
    error = ConfigurationError("2 mistakes\na.yml:1: x\x1b[2J", at="a.yml", hint="correct them")
    outcome = _run_raising(error, project, monkeypatch)
    assert outcome == Outcome(2, "", "error: a.yml: 2 mistakes\na.yml:1: x\\x1b[2J\nhint: correct them\n")


def test_an_error_without_a_hint_is_one_line(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """No empty hint is printed."""
    assert _run_raising(DiffscopeError("no"), project, monkeypatch) == Outcome(2, "", "error: no\n")


REPORTED = "hint: run it again with --debug, and report what it prints\n"


def test_an_internal_error_is_two_lines(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told from findings, which exit with 1."""
    outcome = _run_raising(ZeroDivisionError("a\nb\x1b[2J"), project, monkeypatch)
    told = "error: internal error (ZeroDivisionError: a b\\x1b[2J)\n"
    assert outcome == Outcome(FAILED, "", told + REPORTED)


@pytest.mark.parametrize("named", [("--debug",), ()], ids=["as an option", "in the environment"])
def test_with_debug_it_keeps_its_traceback(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...]
) -> None:
    """What a report of it needs."""
    _run_raising(ZeroDivisionError(), project, monkeypatch)
    environ = {} if named else {"DIFFSCOPE_DEBUG": "1"}
    outcome = project().run(*named, "raise", environ=environ)
    assert (outcome.exit_code, outcome.out) == (FAILED, "")
    assert outcome.err.startswith("Traceback")
    assert "error: internal error (ZeroDivisionError)\n" in outcome.err


def test_an_interrupt_is_quiet(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C ends with the shell's 130 and no traceback."""
    assert _run_raising(KeyboardInterrupt(), project, monkeypatch) == Outcome(INTERRUPTED, "", "")


def test_a_closed_pipe_is_quiet(project: MakeProject) -> None:
    """`diffscope schema | head -1` complains of nothing."""
    process = subprocess.Popen(
        [sys.executable, "-m", "diffscope", "schema", "facts"],
        cwd=project().folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), error) == (CLOSED_PIPE, b"")


@pytest.mark.parametrize(("before", "goes_on"), [("pass", False), ("sys.setprofile(print_nothing)", True)])
def test_a_process_that_is_done_ends_at_once(before: str, goes_on: bool) -> None:
    """What it wrote and what is registered for its end is there, with its exit code; a profiler is left to see the end."""
    code = (
        "import atexit, sys\nfrom diffscope.cli.main import main\n"
        "print_nothing = lambda *_: None\n"
        f"atexit.register(print, 'registered')\nsys.argv[1:] = ['--version']\n{before}\nmain()\nprint('goes on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rest = ["goes on", "registered"] if goes_on else ["registered"]
    assert done.stdout.splitlines() == [f"diffscope {VERSION}", *rest]
    assert done.stderr == ""
