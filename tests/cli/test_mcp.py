"""``diffscope mcp`` as a client meets it: the SDK's own client over real pipes, and calls that make no sense."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from diffscope.cli.mcp.tools import ToolSession
from tests.builders import Commit, git_repository
from tests.cli.harness import run_here

BEFORE = {
    "vllm/__init__.py": "",
    "vllm/a.py": "def run(x):\n    return x\n",
    "vllm/b.py": "from vllm.a import run\n",
}
AFTER = {"vllm/a.py": "def run(x):\n    return x + 1\n"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of two commits."""
    return git_repository(tmp_path_factory.mktemp("mcp") / "clone", BEFORE, [Commit("Add one (#7)", AFTER)])


async def _session(clone: Path, cache: Path) -> dict[str, Any]:
    from mcp.client.session import ClientSession  # noqa: PLC0415 - an extra
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415

    program = StdioServerParameters(
        command=sys.executable,
        args=["-m", "diffscope", "mcp", "--repo", str(clone)],
        env={
            "XDG_CACHE_HOME": str(cache),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PATH": "/usr/bin:/bin",
        },
    )
    async with stdio_client(program) as pipes, ClientSession(*pipes) as client:
        await client.initialize()
        change = {"base": "HEAD~1", "head": "HEAD"}
        return {
            "tools": (await client.list_tools()).tools,
            "classify": await client.call_tool("classify", change),
            "again": await client.call_tool("classify", change),
            "symbols": await client.call_tool("symbol_changes", change),
            "users": await client.call_tool("affected", change),
            "unknown": await client.call_tool("classify", {"pull": 4}),
            "resource": await client.read_resource("diffscope://rules/CP101"),
        }


@pytest.mark.thorough
def test_a_review_over_real_pipes(clone: Path, tmp_path: Path) -> None:
    """Tools are declared as read-only with schemas; answers are the same bytes twice; a number that is not known is an error."""
    pytest.importorskip("mcp")
    found = asyncio.run(_session(clone, tmp_path))
    assert [tool.name for tool in found["tools"]] == [
        "classify", "symbol_changes", "affected", "tests_for_change", "explain", "report",
    ]  # fmt: skip
    assert all(
        tool.annotations.read_only_hint and tool.output_schema["type"] == "object" for tool in found["tools"]
    )
    assert found["classify"].content[0].text == found["again"].content[0].text
    assert found["classify"].structured_content["change"]["untrusted_title"] == "Add one"
    assert [(each["name"], each["aspects"]) for each in found["symbols"].structured_content["symbols"]] == [
        ("run", ["body"])
    ]
    assert [each["direct"] for each in found["users"].structured_content["modules"]] == [["vllm.b"]]
    assert found["unknown"].is_error
    assert "pull request 4 is not in this clone" in found["unknown"].content[0].text
    assert found["resource"].contents[0].text.startswith("CP101 engine-step-path")


WRONG = [
    pytest.param("nope", {}, "no tool 'nope': one of classify", id="a tool that there is not"),
    pytest.param("classify", {"pull": 7, "junk": 1}, "unknown field `junk`", id="an argument that there is not"),
    pytest.param("classify", {"pull": "7"}, "Expected `int | null`, got `str`", id="a number as text"),
    pytest.param("classify", {}, "nothing to classify", id="no change"),
    pytest.param("classify", {"pull": 7, "worktree": True}, "exclude each other", id="two changes"),
    pytest.param("classify", {"pull": 7, "max_tokens": 10**9}, "Expected `int` <= 20000", id="an answer without end"),
    pytest.param("classify", {"base": "--upload-pack=x"}, "no commit '--upload-pack=x'", id="an option in place of a commit"),
    pytest.param("classify", {"base": "x" * 10_000}, "length <= 200", id="a name of any length"),
    pytest.param("explain", {"pull": 7, "rule": "ZZ1"}, "ZZ1", id="a rule that there is not"),
    pytest.param("affected", {"pull": 7, "path": "../../etc/passwd"}, "has no module at", id="a path outside of the tree"),
    pytest.param("report", {"window": "yesterday"}, "yesterday", id="a window that is none"),
]  # fmt: skip


@pytest.fixture(scope="module")
def session(clone: Path) -> Iterator[ToolSession]:
    with ToolSession(repo=clone, source="clone", use_cache=False) as opened:
        yield opened


@pytest.mark.parametrize(("tool", "arguments", "told"), WRONG)
def test_a_call_that_makes_no_sense_is_an_error_that_says_so(
    session: ToolSession, tool: str, arguments: dict[str, Any], told: str
) -> None:
    server = pytest.importorskip("diffscope.cli.mcp.server")
    found = server.answer(session, tool, arguments)
    assert found.is_error
    assert told in found.content[0].text


def test_a_message_without_end_is_passed_over_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = pytest.importorskip("diffscope.cli.mcp.server")
    monkeypatch.setattr(server, "_LONGEST_MESSAGE", 8)
    lines = server._Messages(BytesIO(b"{}\n" + b"x" * 99 + b"\n1234567\n\xff\nend"))
    assert [lines.readline() for _ in range(6)] == ["{}\n", "\n", "1234567\n", "\ufffd\n", "end", ""]
    assert "a message of more than 8 bytes is passed over" in capsys.readouterr().err


def test_a_client_that_went_away_is_no_error(session: ToolSession, monkeypatch: pytest.MonkeyPatch) -> None:
    server = pytest.importorskip("diffscope.cli.mcp.server")

    async def gone(_: object) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_broken())

    async def _broken() -> None:
        raise BrokenPipeError

    monkeypatch.setattr(server, "_serve", gone)
    server.serve(session)


def test_without_a_clone_it_does_not_start(tmp_path: Path) -> None:
    found = run_here(["mcp", "--repo", str(tmp_path / "nothing")], tmp_path, {})
    assert found.exit_code == 2
