"""What git tells around a window: whose lines later fixes change, and which variables of the environment were read before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.git.log import first_release
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment, SymbolAssessment
from diffscope.batch.patches import read_patches
from diffscope.batch.surrounding_pulls import as_users_meet_them, find_around
from diffscope.products.report.links.lines import Mended
from diffscope.source.model import CommitId
from tests.assessments import an_assessment
from tests.builders import Commit, git, git_repository
from tests.digests import a_pull

LAMP = "vllm/lamp.py"
LINES = [
    "def lit():",
    "    wick_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 1",
    "    oil_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 2  # rape",
    "    gas_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 3",
    "    return wick + oil + gas",
]


def _lamp(**changed: str) -> str:
    return "\n".join(changed.get(f"line_{at}", line) for at, line in enumerate(LINES)) + "\n"


OTHER = "".join(f"the_hours_of_lamp_{at} = {at}\n" for at in range(9))
FIXES = {
    "a line of it": {
        LAMP: _lamp(line_1="    wick_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 7")
    },
    "a comment of it alone": {
        LAMP: _lamp(
            line_1="    wick_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 7",
            line_2="    oil_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 2  # olive",
        )
    },
    "something put between": {
        LAMP: _lamp(
            line_1="    wick_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 7\n    wax = 0",
            line_2="    oil_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 2  # olive",
        )
    },
    "little of it beside much else": {
        LAMP: _lamp(
            line_1="    wick_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 7\n    wax = 0",
            line_2="    oil_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 2  # olive",
            line_3="    gas_of_the_lamp_that_burns_the_longest_of_all_the_lamps_there = 4",
        ),
        "vllm/other.py": OTHER.replace("= ", "= 1"),
    },
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitRepository]:
    start = {
        "docs/lamp.md": "Set most_wicks.",
        "requirements/common.txt": "-r oils.txt\n",
        "requirements/oils.txt": "olive\n",
        "requirements/gas.txt": "natural\n",
        "setup.py": 'read("common.txt")\n',
        "vllm/__init__.py": "",
        "vllm/other.py": OTHER,
        "vllm/old.py": 'os.getenv("VLLM_OLD")\n',
    }
    commits = [
        Commit("[Core] Light a lamp (#10)", {LAMP: _lamp()}, at="2026-03-02T00:00:00Z"),
        *(
            Commit(f"[Bugfix] Fix {what} (#{number})", files, at=f"2026-03-{number:02}T00:00:00Z")
            for number, (what, files) in enumerate(FIXES.items(), start=11)
        ),
    ]
    with GitRepository(git_repository(tmp_path_factory.mktemp("clone") / "c", start, commits)) as repository:
        yield repository


def _window(clone: GitRepository, *symbols: SymbolAssessment, behind: int = len(FIXES)) -> Assessment:
    head = git(Path(clone.path), "rev-parse", f"main~{behind}").strip()
    made = a_pull(10)
    pull = msgspec.structs.replace(made.change.pull, head=CommitId(head))
    file = msgspec.structs.replace(
        an_assessment().files[0], path=LAMP, status="added", old_path=None, category="source"
    )
    change = msgspec.structs.replace(made.change, pull=pull)
    return msgspec.structs.replace(made, change=change, files=(file,), symbols=symbols)


def test_a_later_fix_follows_whose_lines_of_code_it_changes(clone: GitRepository) -> None:
    """Not a comment, not what is put between, not a small part of the fix."""
    window = _window(clone)
    around = find_around(clone, [str(window.change.pull.head)], inside=[window])
    assert around.worked.mended == (Mended(11, 10, (LAMP,)),)
    assert around.worked.touched == ((11, 10), (14, 10))


def test_a_variable_that_the_code_read_before_is_declared_and_not_new(clone: GitRepository) -> None:
    old, new = (
        SymbolAssessment(
            path=LAMP, line=1, name=name, kind="environment-variable", aspects=("added",), logic=True
        )
        for name in ("VLLM_OLD", "VLLM_NEW")
    )
    (found,) = as_users_meet_them(clone, [_window(clone, old, new)])
    assert [(one.name, one.aspects) for one in found.symbols] == [
        ("VLLM_OLD", ("declared",)),
        ("VLLM_NEW", ("added",)),
    ]


def test_what_code_sets_to_its_default_anyway_is_not_told(tmp_path: Path) -> None:
    lamp = "class LampConfig:\n    most_wicks: bool = True\n    most_oils: bool = False\n\n    def check(self):\n        self.lit = 1\n"
    sets = "        if self.lamp_config.dark:\n            self.lamp_config.most_wicks = True\n            self.lamp_config.most_oils = True\n"
    start = {"vllm/args.py": 'add("--most-wicks")\nadd("--most-oils")\n', "vllm/config/lamp.py": lamp}
    commit = Commit("Light it (#10)", {"vllm/config/lamp.py": lamp + sets}, at="2026-03-02T00:00:00Z")
    with GitRepository(git_repository(tmp_path / "c", start, [commit])) as clone:
        one = _window(clone, behind=0)
        said, _ = read_patches(clone, [one])
        assert [(each.name, each.value) for each in said[10].decided] == [("most_oils", "True")]


def test_what_no_installation_reads_is_only_for_those_who_install_it(clone: GitRepository) -> None:
    symbols = (
        SymbolAssessment(
            path=f"requirements/{name}.txt", line=1, name=name, kind="dependency", aspects=("raised",), logic=True,
            role=("1", "2", "range", "core"),
        )
        for name in ("common", "oils", "gas")
    )  # fmt: skip
    (found,) = as_users_meet_them(clone, [_window(clone, *symbols)])
    assert [one.role[3] for one in found.symbols] == ["core", "core", "optional"]


def test_a_field_that_no_document_names_was_nobody_s_to_set(clone: GitRepository) -> None:
    told, untold = (
        SymbolAssessment(
            path=LAMP, line=1, name=f"LampConfig.{name}", kind="variable", aspects=("removed",), logic=True,
            role=("config-field", "removed", "1", ""),
        )
        for name in ("most_wicks", "wicks_left")
    )  # fmt: skip
    (found,) = as_users_meet_them(clone, [_window(clone, told, untold)])
    assert [(one.name, one.role[:2]) for one in found.symbols] == [
        ("LampConfig.most_wicks", ("config-field", "removed")),
        ("LampConfig.wicks_left", ()),
    ]


def test_a_release_is_the_first_tag_of_one_that_has_a_commit(clone: GitRepository) -> None:
    for name, at in (("v1.1.0rc1", "main~2"), ("v1.1.0", "main~1"), ("v1.2.0", "main")):
        git(Path(clone.path), "tag", name, at)
    assert first_release(clone, git(Path(clone.path), "rev-parse", "main~3").strip()) == "v1.1.0"
    assert first_release(clone, git(Path(clone.path), "rev-parse", "main").strip()) == "v1.2.0"


def test_a_row_that_another_place_registers_has_not_gone(tmp_path: Path) -> None:
    before, after = "@register('oil')\n@register('gas')\n", 'PARSERS = {\n    "oil": Oil,\n}\n'
    commit = Commit("Light it (#10)", {"vllm/parsers.py": after}, at="2026-03-02T00:00:00Z")
    rows = [
        SymbolAssessment(
            path="vllm/parsers.py", line=1, name=name, kind="registry-row", aspects=("removed",), logic=True,
            role=("tool parsers", name),
        )
        for name in ("oil", "gas")
    ]  # fmt: skip
    with GitRepository(git_repository(tmp_path / "c", {"vllm/parsers.py": before}, [commit])) as clone:
        (found,) = as_users_meet_them(clone, [_window(clone, *rows, behind=0)])
    assert [(one.name, one.role[:1]) for one in found.symbols] == [("oil", ()), ("gas", ("tool parsers",))]
