"""The wheel: holds what it needs, installs apart from the checkout, and does its main job in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from configparser import ConfigParser
from email.parser import BytesParser
from pathlib import Path

import pytest

from diffscope.adapters.changes.files import RecordedSource
from diffscope.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
DIST_INFO = f"vllm_diffscope-{VERSION}.dist-info"

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout, without a network and without writing into it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own; only the libraries it needs are borrowed from this one.

    As an installer does for a wheel without data files: unpack it, and write a script for each entry point.
    """
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    archive = zipfile.ZipFile(wheel)
    archive.extractall(packages)
    (packages / "libraries.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    scripts = ConfigParser()
    scripts.read_string(archive.read(f"{DIST_INFO}/entry_points.txt").decode())
    ((name, at),) = scripts["console_scripts"].items()
    module, _, function = at.partition(":")
    program = home / "bin" / name
    program.write_text(
        f"#!{home / 'bin' / 'python'}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
    )
    program.chmod(0o755)
    return program


def test_the_wheel_holds_rules_records_and_types(wheel: Path) -> None:
    """Every rule, every record, the templates and the type marker; no top-level package but ours, no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    rules = {
        f"diffscope/_bundled/rules/{file.parent.name}/rule.yml"
        for file in (ROOT / "rules").glob("*/rule.yml")
    }
    tables = {
        f"diffscope/_bundled/{file.relative_to(ROOT).as_posix()}"
        for pattern in ("*.yml", "profiles/*/*.yml")
        for file in (ROOT / "rules").glob(pattern)
    }
    records = {f"diffscope/_bundled/recorded/{number}.json" for number in RecordedSource().numbers()}
    templates = {
        f"diffscope/render/templates/{file.name}" for file in (ROOT / "diffscope/render/templates").iterdir()
    }
    assert rules | tables | records | templates | {"diffscope/py.typed"} <= names
    assert {name.partition("/")[0] for name in names} == {"diffscope", DIST_INFO}
    assert wheel.stat().st_size < 4_000_000


def test_the_metadata_says_what_it_is(wheel: Path) -> None:
    """Version, licence and the Python that is needed; the description is the README."""
    archive = zipfile.ZipFile(wheel)
    metadata = BytesParser().parsebytes(archive.read(f"{DIST_INFO}/METADATA"))
    assert (
        metadata["Name"],
        metadata["Version"],
        metadata["License-Expression"],
        metadata["Requires-Python"],
    ) == (
        "vllm-diffscope",
        VERSION,
        "Apache-2.0",
        ">=3.11",
    )
    assert f"{DIST_INFO}/licenses/LICENSE" in archive.namelist()
    assert metadata.get_payload().startswith("# diffscope\n")  # type: ignore[union-attr]


@pytest.mark.thorough
def test_the_main_job_in_an_empty_folder(program: Path, tmp_path: Path) -> None:
    """`diffscope classify 38450` with no clone, no network and no checkout is served from the wheel, and says so."""
    environment = {
        "PATH": os.environ["PATH"],
        "DIFFSCOPE_API_URL": "http://127.0.0.1:9",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [program, "classify", "38450"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stdout.startswith("#38450 ")
    assert "from facts recorded with diffscope" in " ".join(done.stdout.split())
    assert done.stderr.endswith("note: using the facts of #38450 that are recorded with diffscope\n")


def test_the_rules_come_from_the_wheel(program: Path, tmp_path: Path) -> None:
    """The catalogue of the wheel is the catalogue of the checkout."""
    listed = subprocess.run(
        [program, "rules", "list"], cwd=tmp_path, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    codes = {file.parent.name.partition("-")[0] for file in (ROOT / "rules").glob("*/rule.yml")}
    assert {code for code in codes if code in listed.stdout} == codes


@pytest.mark.thorough
def test_what_is_imported_is_the_wheel(program: Path, tmp_path: Path) -> None:
    """The test would prove nothing if the checkout were imported instead."""
    script = "import diffscope; print(diffscope.__file__)"
    done = subprocess.run(
        [program.parent / "python", "-I", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().startswith(str(program.parent.parent))
