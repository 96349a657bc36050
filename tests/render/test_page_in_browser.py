"""The HTML page in a real browser: it loads, complains of nothing, and nothing hostile runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from diffscope.messages.model import Language
from diffscope.render.formats.table import render
from diffscope.render.style import Style
from tests.assessments import an_assessment, hostile

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def load(page: str, folder: Path, *options: str) -> tuple[str, str]:
    """Return the document as the browser has it, and what it wrote to its console."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [
        CHROMIUM,
        *QUIET,
        *options,
        "--enable-logging=stderr",
        "--v=0",
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
    ]
    done = subprocess.run([*command, file.as_uri()], capture_output=True, check=True, timeout=100)
    console = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "CONSOLE" in line]
    return done.stdout.decode(), "\n".join(console)


def test_the_page_loads_and_complains_of_nothing(tmp_path: Path) -> None:
    """Styles pass the page's own policy; the text is there."""
    document, console = load(
        render([an_assessment()], Style(language=Language.CHINESE), form="html"), tmp_path
    )
    assert console == ""
    assert "注意力后端变更" in document


def test_nothing_hostile_runs(tmp_path: Path) -> None:
    """A script that would change the document does not: it is text."""
    payload = "<script>document.body.textContent='owned'</script><img src=x onerror=\"document.body.textContent='owned'\">"
    document, console = load(render([hostile(payload)], Style(), form="html"), tmp_path)
    assert console == ""
    assert "<h1>" in document
    assert "&lt;script&gt;" in document


def test_a_script_would_be_noticed(tmp_path: Path) -> None:
    """The policy of the page blocks a script that got in after all, and the console says so: the tests above can fail."""
    page = render([an_assessment()], Style(), form="html").replace("<main>", "<script>1</script><main>")
    _, console = load(page, tmp_path)
    assert "Content Security Policy" in console
