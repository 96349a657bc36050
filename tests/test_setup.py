"""The set-up: what the lock names, what the floors admit, and under which name anyone is told to install it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from diffscope.products.report.render.charts import HINT

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = "vllm-diffscope"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOCK = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
DECLARED = [
    requirement
    for line in (
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    )
    if (requirement := Requirement(line)).name != OURS
]


def environment(python: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


def locked(name: str, python: str) -> list[Version]:
    """Return the versions that the lock names for a package on a version of Python."""
    return [
        Version(one.version)
        for requirement in LOCK
        if canonicalize_name(requirement.name) == canonicalize_name(name)
        and (requirement.marker is None or requirement.marker.evaluate(environment(python)))
        for one in requirement.specifier
    ]


def test_the_lock_has_one_version_of_every_dependency_that_the_project_admits() -> None:
    named = {(one, python): locked(one.name, python) for one in DECLARED for python in PYTHONS}
    assert {
        (one.name, python): versions
        for (one, python), versions in named.items()
        if len(versions) != 1 or not one.specifier.contains(versions[0], prereleases=True)
    } == {}


def test_the_lock_is_versions_and_nothing_else() -> None:
    """No address, no hash, no option: pip takes the files from wherever whoever installs has them from."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert all(
        [one.operator for one in requirement.specifier] == ["=="] and requirement.url is None
        for requirement in LOCK
    )


def test_every_dependency_has_a_floor() -> None:
    """Without one the lowest version that is admitted is the first that was ever published."""
    assert [
        one.name for one in DECLARED if not {"~=", ">=", "=="} & {each.operator for each in one.specifier}
    ] == []


def test_a_floor_above_the_lock_would_be_noticed() -> None:
    (version,) = locked("click", "3.11")
    assert not SpecifierSet(f">{version}").contains(version)
    assert locked("no-such-package", "3.11") == []
    assert Marker("python_full_version < '3.12'").evaluate(environment("3.11"))


def test_every_version_of_python_is_named_and_tried() -> None:
    """The classifiers, and each job of the workflow: with the lock, the newest and the lowest versions."""
    classified = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert classified == list(PYTHONS)
    jobs = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8"))["jobs"]
    matrices = {name: job["strategy"]["matrix"] for name, job in jobs.items() if "strategy" in job}
    assert [matrix["python"] for matrix in matrices.values()] == [list(PYTHONS)] * 2
    assert matrices["unlocked"]["versions"] == ["newest", "lowest"]


@pytest.mark.parametrize("name", ["README.md", ".ci/run", "justfile", "action.yml"])
def test_everything_that_installs_the_checkout_takes_the_lock(name: str) -> None:
    """A line that installs `.` or the folder of the action has `-c requirements.lock`."""
    lines = [
        line
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if re.search(r"pip install", line)
    ]
    assert lines
    assert all(re.search(r"-c \S*requirements\.lock", line) for line in lines), lines


# A command that installs, up to the end of its line or of the code that holds it.
_INSTALL = re.compile(
    r"\b(?:pip3?|pipx|uv(?: +pip| +tool)?|poetry|pdm|conda|easy_install)\b[^\n`]*?\b(?:install|add|run)\b(?P<what>[^\n`]*)|\buvx\b(?P<run>[^\n`]*)"
)
_STRANGER = re.compile(r"(?<![\w./:\\-])diffscope(?![\w./\\-])")


def strangers(text: str) -> list[str]:
    """Return what in a text tells anyone to install the `diffscope` of the package index, which is not ours.

    The command and the import are called so, too: only what stands behind an installing command counts, up to where the next command begins,
    and a requirement with extras or a version wherever it stands.
    """
    if "diffscope" not in text:
        return []
    told = []
    for found in _INSTALL.finditer(text):
        what = re.split(r"&&|\|\||[;|]", found["what"] or found["run"] or "")[0]
        if OURS not in what and _STRANGER.search(what):
            told.append(found[0].strip())
    required = re.findall(r"(?<![\w./-])diffscope(?:\[[a-z, ]+\]| *(?:==|>=|~=) *\d)", text)
    return [*told, *required]


def test_no_text_tells_anyone_to_install_the_package_of_somebody_else() -> None:
    """Every file that git knows, this one apart: it must show what it looks for."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    wrong = {}
    for name in filter(None, listed.stdout.decode().split("\0")):
        file = ROOT / name
        if file == Path(__file__) or not file.is_file():
            continue
        found = strangers(file.read_bytes().decode("utf-8", "replace"))
        if found:
            wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        pytest.param("pip install diffscope", True, id="plain"),
        pytest.param("pip install 'diffscope[charts]'", True, id="an extra"),
        pytest.param("python -m pip install --upgrade diffscope==0.2.1", True, id="a version"),
        pytest.param("uvx diffscope classify 1", True, id="run at once"),
        pytest.param("uv tool install diffscope", True, id="as a tool"),
        pytest.param("pipx install diffscope && diffscope --help", True, id="then run"),
        pytest.param('dependencies = ["diffscope>=0.2"]', True, id="a requirement"),
        pytest.param("needs diffscope[charts]", True, id="an extra in a sentence"),
        pytest.param("pip install 'vllm-diffscope[charts]'", False, id="our name"),
        pytest.param("pip install . && diffscope classify 1", False, id="the command behind"),
        pytest.param(
            ".venv/bin/pip install -c requirements.lock . && .venv/bin/diffscope classify 1",
            False,
            id="the README's",
        ),
        pytest.param(
            "uvx --from vllm-diffscope diffscope classify 1",
            False,
            id="our command, run at once",
        ),
        pytest.param("git clone https://github.com/OWNER/diffscope", False, id="a repository"),
    ],
)
def test_what_tells_to_install_it_is_noticed(text: str, *, is_wrong: bool) -> None:
    assert bool(strangers(text)) is is_wrong


def test_the_distribution_has_the_name_that_hints_give() -> None:
    assert PROJECT["name"] == OURS
    assert f"'{OURS}[" in HINT
    assert set(re.findall(r"\[(\w+)\]", HINT)) <= set(PROJECT["optional-dependencies"])
    assert PROJECT["scripts"] == {"diffscope": "diffscope.cli.main:main"}


def test_the_container_file_keeps_the_rules_of_its_linter() -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if linter is None:
        pytest.skip("no hadolint here: pip install -e '.[dev]'")
    found = subprocess.run([linter, str(ROOT / "Containerfile")], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")
