"""The architecture holds, and the checks that say so would notice if it did not."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

import grimp
import pytest
from importlinter import Contract
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "diffscope"
CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = {options["id"]: options for options in CONFIGURATION["contracts_options"]}
TYPES: dict[str, type[Contract]] = {
    "layers": LayersContract,
    "forbidden": ForbiddenContract,
    "protected": ProtectedContract,
    "acyclic_siblings": AcyclicSiblingsContract,
}
LONGER = {"facts/values.py", "syntax/values.py"}
"""Records and nothing else: one after the other they read as a table, cut apart they do not."""
MODULES = sorted(PACKAGE.rglob("*.py"))
CORE = tuple(name.removeprefix("diffscope.") for name in CONTRACTS["no-input-output"]["source_modules"])


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def is_core(file: Path) -> bool:
    return file.relative_to(PACKAGE).with_suffix("").parts[0] in CORE


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("diffscope", include_external_packages=True, cache_dir=None)


def is_kept(contract_id: str, graph: grimp.ImportGraph) -> bool:
    options = CONTRACTS[contract_id]
    contract = TYPES[options["type"]](
        name=options["name"], session_options=CONFIGURATION["session_options"], contract_options=options
    )
    return contract.check(deepcopy(graph), verbose=False).kept


@pytest.mark.parametrize("contract_id", CONTRACTS)
def test_contract_is_kept(contract_id: str, graph: grimp.ImportGraph) -> None:
    """Every contract holds; `just contracts` shows the chain that breaks one."""
    assert is_kept(contract_id, graph), f"contract {contract_id!r} is broken: run `lint-imports`"


BREAKS = [
    pytest.param("flow", "diffscope.facts.values", "diffscope.rules.values", id="facts must not know rules"),
    pytest.param(
        "flow", "diffscope.diff.values", "diffscope.syntax.values", id="diff and syntax are strangers"
    ),
    pytest.param("flow", "diffscope.errors", "diffscope.source.values", id="errors import nothing"),
    pytest.param(
        "flow", "diffscope.render.formats", "diffscope.cli.main", id="render must not know the command line"
    ),
    pytest.param(
        "flow", "diffscope.helpers", "diffscope.errors", id="a package that is in no layer is refused"
    ),
    pytest.param("no-input-output", "diffscope.diff.parse", "subprocess", id="the core starts no process"),
    pytest.param("no-input-output", "diffscope.rules.values", "time", id="the core has no clock"),
    pytest.param("door-unidiff", "diffscope.diff.sections", "unidiff", id="unidiff stays behind diff.parse"),
    pytest.param("door-rich", "diffscope.cli.main", "rich", id="Rich stays behind render.console"),
    pytest.param("door-click", "diffscope.render.formats", "click", id="click stays behind cli"),
    pytest.param("acyclic", "diffscope.diff.values", "diffscope.diff.parse", id="siblings form no loop"),
]


@pytest.mark.parametrize(("contract_id", "importer", "imported"), BREAKS)
def test_contract_notices(contract_id: str, importer: str, imported: str, graph: grimp.ImportGraph) -> None:
    """A forbidden import breaks the contract that is there to forbid it."""
    broken = deepcopy(graph)
    broken.add_import(importer=importer, imported=imported)
    assert not is_kept(contract_id, broken)


def stage_numbers() -> dict[str, int]:
    """Return the stage of each package: 0 for the single modules at the bottom, then one more for each layer of packages."""
    stages: dict[str, int] = {}
    number = 0
    for layer in reversed(CONTRACTS["flow"]["layers"]):
        names = [name.strip(" ()") for name in layer.split("|")]
        is_foundation = number == 0 and all((PACKAGE / f"{name}.py").exists() for name in names)
        number += not is_foundation
        stages |= dict.fromkeys(names, number)
    return stages


@pytest.mark.parametrize(("name", "stage"), stage_numbers().items())
def test_signpost_states_the_stage(name: str, stage: int) -> None:
    """The docstring of a stage says `Stage N`, and N is its place in the flow contract."""
    file = PACKAGE / f"{name}.py"
    file = file if file.exists() else PACKAGE / name / "__init__.py"
    docstring = ast.get_docstring(parsed(file)) or ""
    assert docstring.startswith(f"Stage {stage}"), f"{name} is stage {stage} of the flow contract"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_module_keeps_its_budget(file: Path) -> None:
    """A file has at most 400 lines, a function body at most 50, and every module but an empty one says what it is for."""
    text = file.read_text(encoding="utf-8")
    tree = parsed(file)
    lines = text.count("\n")
    is_table = file.relative_to(PACKAGE).as_posix() in LONGER
    assert lines <= 400 or is_table, f"{lines} lines: cut it where a reader would"
    assert not text or ast.get_docstring(tree), "no docstring"
    long = {node.name: length for node in functions(tree) if (length := body_length(node)) > 50}
    assert not long, "function bodies over 50 lines"


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]


@pytest.mark.parametrize(
    "file", [file for file in MODULES if is_core(file)], ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_core_calls_no_input_output(file: Path) -> None:
    """No stage of the core opens a file, prints or asks: builtins need no import, so no contract can see them."""
    calls = {
        node.func.id
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}


def test_core_covers_every_stage_below_adapters() -> None:
    """The list of pure stages is the flow contract below adapters: a new stage cannot be forgotten."""
    layers = [{name.strip(" ()") for name in layer.split("|")} for layer in CONTRACTS["flow"]["layers"]]
    outer = next(number for number, names in enumerate(layers) if "adapters" in names)
    assert set(CORE) == set().union(*layers[outer + 1 :])


def test_types_are_not_silenced() -> None:
    """`type: ignore` in the package means a wrong model; the count only ever goes down."""
    ignores = [
        file.relative_to(ROOT).as_posix()
        for file in MODULES
        if "type: ignore" in file.read_text(encoding="utf-8")
    ]
    assert ignores == []


NAMED_ELSEWHERE = {
    "BY_ANSWER": "the answers of GitHub that become errors of ours, which a test holds against PyGithub's classes",
    "MOST_BYTES": "a promise on a packaged file, which a test holds it to",
    "format_commands": "click calls it",
    "list_rules": "click calls it",
    "run_tests": "click calls it",
}


def test_nothing_is_there_that_nobody_uses() -> None:
    """Every function, class, method and constant is named at least once more, in code or in a template."""
    texts = [file.read_text(encoding="utf-8") for file in (*MODULES, *(ROOT / "diffscope").rglob("*.j2"))]
    times = Counter(word for text in texts for word in re.findall(r"\w+", text))
    unused = {
        name
        for file in MODULES
        for name in _defined(parsed(file))
        if times[name] == 1 and not name.startswith("__")
    }
    assert unused == set(NAMED_ELSEWHERE)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
    for node in tree.body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        yield from (target.id for target in targets if isinstance(target, ast.Name))


WRITER = "diffscope/adapters/output.py"
_WRITING_CALLS = {
    "write_text",
    "write_bytes",
    "touch",
    "mkstemp",
    "NamedTemporaryFile",
    "mknod",
    "mkfifo",
    "rename",
    "renames",
    "truncate",
}
_WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}
_COPIES = {"copy", "copy2", "copyfile", "copytree", "move"}


def writing_calls(tree: ast.Module) -> list[str]:
    """Return the calls in a module by which a file could be written, as they stand there.

    What leads nowhere (``os.devnull``) is no file.
    """
    return [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and _writes(node)]


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if call.args and ast.unparse(call.args[0]) == "os.devnull":
        return False
    if owner == "shutil":
        return name in _COPIES
    if name == "open":
        flags = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
        return bool(flags & _WRITING_FLAGS) if owner == "os" else _is_writing_mode(call)
    # Of all that is called so, a path alone takes one thing by its place and nothing by name.
    is_path_replace = name == "replace" and len(call.args) == 1 and not call.keywords
    return (
        name in _WRITING_CALLS
        or is_path_replace
        or (owner == "os" and name in {"replace", "link", "symlink"})
    )


def _is_writing_mode(call: ast.Call) -> bool:
    # open(file, mode), path.open(mode): a mode that is no constant could be any.
    is_builtin = isinstance(call.func, ast.Name)
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] or call.args[
        int(is_builtin) :
    ][:1]
    return any(
        not isinstance(mode, ast.Constant) or bool(set("wax+") & set(str(mode.value))) for mode in given
    )


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_files_are_written_by_the_one_writer(file: Path) -> None:
    """Atomic, through links, plain on pipes and devices: in one place, so that no other can forget one of them."""
    if file.relative_to(ROOT).as_posix() != WRITER:
        assert writing_calls(parsed(file)) == [], f"write it with {WRITER}"


@pytest.mark.parametrize(
    ("source", "is_refused"),
    [
        pytest.param("open(name, 'w')", True, id="open to write"),
        pytest.param("open(name, mode='ab')", True, id="open to append"),
        pytest.param("open(name, 'r+b')", True, id="open to change"),
        pytest.param("path.open('wb' if first else 'ab')", True, id="a mode that depends"),
        pytest.param("open(name)", False, id="open to read"),
        pytest.param("path.open('rb')", False, id="a path opened to read"),
        pytest.param("os.open(name, os.O_WRONLY | os.O_CREAT)", True, id="a descriptor to write"),
        pytest.param("os.open(name, os.O_RDONLY)", False, id="a descriptor to read"),
        pytest.param("os.open(os.devnull, os.O_WRONLY)", False, id="a descriptor that leads nowhere"),
        pytest.param("path.write_text(text, encoding='utf-8')", True, id="a text at once"),
        pytest.param("path.write_bytes(data)", True, id="bytes at once"),
        pytest.param("os.replace(a, b)", True, id="a file in the place of another"),
        pytest.param("path.replace(other)", True, id="a path in the place of another"),
        pytest.param("text.replace('a', 'b')", False, id="letters of a text"),
        pytest.param("structs.replace(value, name=1)", False, id="a field of a value"),
        pytest.param("shutil.move(a, b)", True, id="a file moved"),
        pytest.param("tempfile.mkstemp()", True, id="a temporary file"),
    ],
)
def test_what_writes_a_file_is_noticed(source: str, *, is_refused: bool) -> None:
    assert bool(writing_calls(ast.parse(source))) is is_refused
