"""The gravest flags of a window, looked at again at the newest commit."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.batch.rechecks import recheck
from diffscope.products.report.model import Recheck
from diffscope.rules.model import Severity
from diffscope.source.model import CommitId
from tests.assessments import a_flag, evidence
from tests.builders import Commit, git, git_repository
from tests.digests import a_pull

LAMP = "vllm/lamp.py"
CODE = """\
def burn_low(wick):
    return wick


def burn_brightly(wick):
    return wick + 1


class Lantern:
    pass


def light_lamp(wick):
    return burn_brightly(wick)


def light_house(wick):
    return light_lamp(wick)


def light_street(wick):
    return light_house(wick)
"""


def looked_at(folder: Path, test: str, symbol: str, **fields: object) -> tuple[Recheck, ...]:
    """What is told of one flag on a symbol when a test was added after the window."""
    later = Commit("[CI] Test lamps (#11)", {"tests/test_lamp.py": test}, at="2026-03-03T00:00:00Z")
    first = Commit("[Core] Light a lamp (#10)", {LAMP: CODE}, at="2026-03-02T00:00:00Z")
    with GitRepository(git_repository(folder / "c", {"vllm/__init__.py": ""}, [first, later])) as clone:
        head = CommitId(git(Path(clone.path), "rev-parse", "main~1").strip())
        place = msgspec.structs.replace(evidence(), path=LAMP, line=6, symbol=symbol)
        told = {"family": "missing-tests", "severity": Severity.MEDIUM} | fields
        newest, found = recheck(clone, [_window(head, a_flag("TC201", evidence=(place,), **told))], head)
        assert newest is not None
        assert newest.day == "2026-03-03"
        return found


def _window(head: CommitId, *flags: object) -> Assessment:
    made = a_pull(10)
    pull = msgspec.structs.replace(made.change.pull, head=head)
    return msgspec.structs.replace(made, change=msgspec.structs.replace(made.change, pull=pull), flags=flags)


@pytest.mark.parametrize(
    ("test", "symbol", "state"),
    [
        pytest.param("burn_brightly(1)", "burn_brightly", "tested", id="named"),
        pytest.param("light_lamp(1)", "burn_brightly", "tested", id="its-caller"),
        pytest.param("light_house(1)", "burn_brightly", "tested", id="the-caller-of-its-caller"),
        pytest.param("light_street(1)", "burn_brightly", "still", id="three-callers-away"),
        pytest.param("burn_low(1)", "burn_brightly", "still", id="the-function-above-does-not-call-it"),
        pytest.param("burn_brightly_(1)", "burn_brightly", "still", id="a-longer-word"),
        pytest.param("Lantern()", "Lantern.put_out", "tested", id="the-class-of-a-method"),
    ],
)
def test_a_test_that_came_later(tmp_path: Path, test: str, symbol: str, state: str) -> None:
    path = "tests/test_lamp.py" if state == "tested" else None
    expected = Recheck(number=10, code="TC201", state=state, path=path)  # type: ignore[arg-type]
    assert looked_at(tmp_path, test, symbol) == (expected,)


def test_a_short_name_is_not_looked_for(tmp_path: Path) -> None:
    assert looked_at(tmp_path, "burn(1)", "burn") == ()


def test_a_line_that_still_stands(tmp_path: Path) -> None:
    expected = Recheck(number=10, code="TC201", state="still")
    assert looked_at(tmp_path, "", "burn_brightly", family="interface-change") == (expected,)
