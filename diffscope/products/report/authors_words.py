"""What authors say in the lines that a pull request adds: errors, warnings, docstrings of settings, figures; and which settings code now decides.

Only what is about settings that users know is kept, in the author's own words: it says how something is switched on, what it costs and
what to do instead. Whose lines a later pull request of the window replaces is read from the same patches.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from diffscope.diff.model import Diff, FileDiff, FileStatus, Hunk
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.source.profile import places

_OPTION: Final = lazy_regex(r"--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
_NAME: Final = lazy_regex(r"(?<![\w.])[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_SAID: Final = lazy_regex(r"^\s*(?:raise \w*(?:Error|Exception)|(?:logger|warnings)\.warn\w*)\(")
_SETS: Final = lazy_regex(r"^\s+((?:\w+\.)+)(\w+) = (True|False|-?\d[\d_.e]*|[A-Z][\w.]{2,80}|\()$")
_LITERAL: Final = lazy_regex(
    r"^(?:True|False|-?\d[\d_.e]*|[A-Z][A-Za-z]*(?:\.[A-Z][A-Z_0-9]+)+|[A-Z][A-Z_0-9]+)$"
)
_IF: Final = lazy_regex(r"^\s*(?:el)?if\b")
_WHOLE_IF: Final = lazy_regex(r"^(?:el)?if (.+):$")
_CONSTANT: Final = lazy_regex(r"^\s*([A-Z][A-Z0-9_]+)(?:: [^=]+)? = ([^\s(\[{]+)$")
_FIELD: Final = lazy_regex(
    r'(?m)^ {4}(\w+): [^\n]*[^\n:,(](?:\n(?: {5,}[^\n]*| {4}[)\]}][^\n:]*)){0,9}\n {4}"""((?:[^"]|"(?!"")){1,4000})"""'
)
_FIGURE: Final = lazy_regex(r"\d(?:x|%)(?![\w(])")
_GONE: Final = lazy_regex(r"(?i)\bdeprecat\w+|\bwill be removed\b|\bno longer supported\b")
_TURNS: Final = lazy_regex(
    r"(?i)\bdisabl\w+|\bfall(?:ing|s)?[ -]?back\b|\bignored?\b|\boverrid\w+|\bnot (?:recommended|supported)\b|\binstead\b"
)
_VARIABLE: Final = lazy_regex(r'(?m)((?:^ {4}# [^\n]*\n)+) {4}"([A-Z][A-Z0-9_]+)": (?:lambda|\w+\()')
_BY_DEFAULT: Final = lazy_regex(r"^\s*[-*] *[\"'`\w]+ \(default\): (.+)$")
_PROSE: Final = lazy_regex(r"^(?:[-*>\s]|!!!)*([A-Z`].{20,}[.])")
_ORDER: Final = lazy_regex(r"\bdef (\w*priorit\w*)\(")
_WHY: Final = lazy_regex(r"(?i)\b(?:because|otherwise|avoid|prevent|may|must|so that|e\.g\.)")
_END: Final = lazy_regex(r"[.!?]\s+")
_TASK: Final = lazy_regex(r"(?i)\b(?:todo|fixme|noqa|https?:)")
_BOUND: Final = lazy_regex(
    r"\bmust be (?:in\b|non-?negative|positive|between|specified|provided|a\b|an\b)|\bcannot be (?:0|negative|empty)\b"
)
"""How errors say which values something takes at all."""
_PLACE: Final = lazy_regex(r"%(?:\(\w+\))?[-+ #0]*[\d.]*[sdifrgxe]\b|\{[^{}]*\}")
_OWNER: Final = lazy_regex(r"\bclass (\w*(?:Config|Args|Params|Request))\b")
_SETTINGS: Final = ("Config", "Args")
_SAME: Final = 60
"""Letters and digits of a text, by which it was there before."""
_GUARD: Final = lazy_regex(r"^(?:model|quant)_config is not None$")
_PROPERTY: Final = lazy_regex(
    r"@property\n +def (\w+)\(self\)[^\n]*:\n +return (\((?:\n {9,}[^\n]*)+\n +\)|[^\n(]+)"
)
_LONGEST: Final = 140
"""Characters of a condition."""
_LINES: Final = 24
"""Lines of one statement that are read."""
_SHORT: Final = 16
"""Characters of a line, from which on it is somebody's own."""
_LONG: Final = 40
"""Characters of such lines together, from which on they are a word on who wrote them."""
_PART: Final = 0.3
"""Part of what a pull request takes away, from which on its being another one's is a word on that one."""


class Decided(Value, frozen=True, kw_only=True):
    """A setting that code now decides: its name, what it becomes, as written, and under which condition (empty where none is near), and whether only where the user set nothing."""

    name: str
    value: str
    condition: str = ""
    path: str = ""
    line: int = 0
    is_unset: bool = False


class AuthorsWords(Value, frozen=True, kw_only=True):
    """What the author of one pull request says of settings, each text whole, white space folded, values as an ellipsis."""

    errors: tuple[str, ...] = ()
    """Of exceptions that code of before raises now."""
    warnings: tuple[str, ...] = ()
    deprecations: tuple[str, ...] = ()
    """Warnings, each behind its class of settings and a colon, and sentences of documents, that something is on its way out."""
    fields: tuple[tuple[str, str], ...] = ()
    """New fields with their docstrings."""
    figures: tuple[str, ...] = ()
    """Lines of comments and docstrings with a new value of a setting and what it gains or costs."""
    decided: tuple[Decided, ...] = ()
    by_default: tuple[str, ...] = ()
    """What docstrings of settings say that their default does."""
    constants: tuple[tuple[str, str], ...] = ()
    """Values of constants of defaults that are gone, with the setting that decides in their place."""
    remarks: tuple[str, ...] = ()
    """Comments that say why."""
    options: tuple[tuple[str, str], ...] = ()
    """Types of settings that take something new, with the option that sets them."""
    orders: tuple[tuple[str, str, str], ...] = ()
    """Of functions that say in which order something is tried what they try first, where that changed: before, now, and the conditions it is under (while it is read: path, name and nothing)."""


NOTHING: Final = AuthorsWords()


def read_words(diff: Diff, settings: Collection[str], values: Collection[str] = ()) -> AuthorsWords:
    """Return what a pull request says; ``settings`` are options of the command line as ``max_model_len``, ``values`` what settings newly take."""
    files = [file for file in diff.files if not places().is_test(file.path)]
    python = [file for file in files if file.path.endswith(".py") and file.path.startswith(places().packages)]
    asked = _Asked(frozenset(settings), python)
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    decided, orders = dict[str, Decided](), dict[tuple[str, str, str], None]()
    for file, hunk in ((each, hunk) for each in python for hunk in each.hunks):
        lines = _added(hunk)
        for kind, text in _said(lines, file, hunk, asked):
            found[kind][text] = None
        for text in _remarks(lines):
            found["remarks"][text] = None
        for each in _decided(lines, file, hunk, asked):
            decided.setdefault(each.name, each)
        order = _ORDER.search(hunk.section)
        if order and hunk.added and hunk.removed:
            orders[file.path, order[1], ""] = None
    for line in (line for file in files if file.path.endswith(".md") for line in _added(file)):
        prose = _PROSE.search(line)
        if prose and _GONE.search(prose[1]):
            found["deprecations"][" ".join(prose[1].split())] = None
    added = [line for file in python for line in _added(file)]
    named = re.compile("|".join(rf"\b{re.escape(value)}\b" for value in values) or r"(?!)")
    figures = [
        " ".join(line.strip(" #*-").split()) for line in added if _FIGURE.search(line) and named.search(line)
    ]
    return AuthorsWords(
        errors=tuple(found["errors"]),
        warnings=tuple(found["warnings"]),
        deprecations=tuple(_from_the_point(found["deprecations"])),
        remarks=tuple(found["remarks"]),
        fields=tuple(_fields(python)),
        by_default=tuple(_by_default(python)),
        figures=tuple(dict.fromkeys((*figures[:1], *figures[-1:]))),
        decided=tuple(decided.values()),
        constants=tuple(_gone_constants(python, " ".join(added), settings)),
        orders=tuple(orders),
    )


def _added(of: FileDiff | Hunk) -> list[str]:
    hunks = of.hunks if isinstance(of, FileDiff) else (of,)
    return [line.text for hunk in hunks for line in hunk.added]


class _Asked:
    """What the texts of one pull request are asked: whether they name what users set, and whether they were there before."""

    def __init__(self, settings: frozenset[str], files: Sequence[FileDiff]) -> None:
        self._settings = settings
        removed = [line.text for file in files for hunk in file.hunks for line in hunk.removed]
        self._gone = _folded(_PLACE.sub("", " ".join(removed)))
        self.constants: dict[str, str] = {}
        self.properties: dict[str, str] = {}
        for text in ("\n".join(_added(hunk)) for file in files for hunk in file.hunks):
            for property_name, body in _PROPERTY.findall(text):
                self.properties[property_name] = (
                    " ".join(body.strip("() \n").split()).replace("( ", "(").replace(", )", ")")
                )
        for line in (line for file in files for line in _added(file)):
            if found := _CONSTANT.search(line):
                self.constants[found[1]] = found[2]

    def was_there(self, text: str) -> bool:
        """Return whether lines that went say the same."""
        return _folded(text)[:_SAME] in self._gone

    def is_setting(self, name: str) -> bool:
        """Return whether an option of the command line is called so."""
        return name in self._settings

    def names(self, text: str) -> bool:
        """Return whether a text names an option or a variable of the environment."""
        words = {*_NAME.findall(text), *(name.replace("-", "_") for name in _OPTION.findall(text))}
        return not words.isdisjoint(self._settings) or places().variable.search(text) is not None


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _said(lines: Sequence[str], file: FileDiff, hunk: Hunk, asked: _Asked) -> Iterator[tuple[str, str]]:
    """Yield errors and warnings of added lines that are new, as (what it is, text)."""
    owner = _OWNER.search(hunk.section)
    for at, line in enumerate(lines):
        opened = _SAID.search(line)
        text = _text(lines[at : at + _LINES]) if opened else ""
        if not text or text.startswith("…") or asked.was_there(text):
            continue
        is_error = line.lstrip().startswith("raise")
        is_met = asked.names(text) or (owner and not owner[1].endswith(_SETTINGS))
        if _GONE.search(text):
            yield "deprecations", f"{owner[1]}: {text}" if owner else text
        elif is_error and file.status is not FileStatus.ADDED and is_met and not _BOUND.search(text):
            yield "errors", text
        elif not is_error and (asked.names(text) or _TURNS.search(text)):
            yield "warnings", text


def _from_the_point(texts: Iterable[str]) -> list[str]:
    """Return texts from the sentence on that says that something goes, first those that say when."""
    said = dict.fromkeys(
        text[max((end.end() for end in _END.finditer(text, 0, found.start())), default=0) :]
        for text in texts
        if (found := _GONE.search(text))
    )
    return sorted(said, key=lambda text: (" removed " not in text, len(text)))


def _remarks(lines: Sequence[str]) -> Iterator[str]:
    """Yield the comments of added lines that say why, each whole."""
    block: list[str] = []
    for line in (*lines, ""):
        if line.lstrip().startswith("# "):
            block.append(line.strip(" #"))
            continue
        text = " ".join(block)
        if _WHY.search(text) and not _TASK.search(text):
            yield text
        block = []


def _text(lines: Sequence[str]) -> str:
    """Return the text of the call that lines begin with, values as an ellipsis; nothing where it is none by itself."""
    for end in range(1, len(lines) + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                (statement,) = ast.parse(textwrap.dedent("\n".join(lines[:end]))).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        call = statement.exc if isinstance(statement, ast.Raise) else getattr(statement, "value", None)
        first = call.args[0] if isinstance(call, ast.Call) and call.args else None
        return " ".join(_PLACE.sub("…", _literal(first)).split()) if first is not None else ""
    return ""


def _literal(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text.replace("`", "'")
        case ast.JoinedStr(values=parts):
            return "".join(_literal(part) if isinstance(part, ast.Constant) else "…" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _literal(left) + _literal(right)
        case ast.Call(func=ast.Attribute(value=text, attr="format")):
            return _literal(text)
        case _:
            return ""


def _decided(lines: Sequence[str], file: FileDiff, hunk: Hunk, asked: _Asked) -> Iterator[Decided]:
    """Yield settings that added lines assign a value, with the nearest condition around it."""
    numbers = [line.number for line in hunk.added]
    for at, line in enumerate(lines):
        found = _SETS.search(line)
        if found is None or file.status is FileStatus.ADDED:
            continue
        owner, name, value = found[1], found[2], found[3]
        # What one model's file decides is of that model.
        is_users = "/models/" not in file.path and asked.is_setting(name)
        is_users = is_users and ("config" in owner or _OWNER.search(hunk.section) is not None)
        if not is_users:
            continue
        if value == "(":
            value = " ".join(each.strip() for each in lines[at + 1 : at + 2])
        value = _resolved(value, asked)
        if _LITERAL.search(value) and not asked.was_there(f"{owner}{name}={value}"):
            condition = _plain_condition(_condition(lines[:at], line), name, asked)
            yield Decided(name=name, value=value, condition=condition, path=file.path, line=numbers[at])


def _condition(before: Sequence[str], line: str) -> str:
    """Return the condition of the nearest added ``if`` that a line stands under, on one line; nothing where it is not whole."""
    depth = len(line) - len(line.lstrip())
    for at in range(len(before) - 1, -1, -1):
        above = before[at]
        if not above.strip() or len(above) - len(above.lstrip()) >= depth:
            continue
        head = next((start for start in range(at, -1, -1) if _IF.search(before[start])), None)
        text = " ".join(each.strip() for each in before[head : at + 1]) if head is not None else ""
        whole = _WHOLE_IF.search(text)
        return " ".join(whole[1].split()).strip("() ") if whole and text.count(":") == 1 else ""
    return ""


def _plain_condition(condition: str, name: str, asked: _Asked) -> str:
    """Return a condition without what only guards it; of a property that the pull request adds what it asks."""
    parts = [
        asked.properties.get(part.rpartition(".")[2], part)
        for part in condition.replace("self.", "").split(" and ")
        if name not in part and not _GUARD.search(part)
    ]
    said = " and ".join(parts).replace(" is not None", "").replace("self.", "")
    return said if len(said) <= _LONGEST else ""


def _resolved(value: str, asked: _Asked) -> str:
    """Return a value as written, of a constant that the same pull request adds what it is."""
    name = value.rpartition(".")[2]
    return asked.constants.get(name, value) if name.isupper() else value


def _fields(files: Iterable[FileDiff]) -> Iterator[tuple[str, str]]:
    """Yield new fields with their docstrings, and new variables of the environment with the comment above them."""
    for file in files:
        for hunk in file.hunks:
            text = "\n".join(_added(hunk))
            yield from ((name, " ".join(said.split())) for name, said in _FIELD.findall(text))
            for said, name in _VARIABLE.findall(text):
                yield name, " ".join(line.strip(" #") for line in said.split("\n")).strip()


def _by_default(files: Iterable[FileDiff]) -> Iterator[str]:
    for file in files:
        for hunk in file.hunks:
            lines = _added(hunk)
            for at, line in enumerate(lines):
                found = _BY_DEFAULT.search(line)
                if found:
                    rest = "\n".join(lines[at + 1 : at + 1 + _LINES])
                    rest = re.split(r"\n\s*(?:[-*] |\n|\"\"\")", f"\n{rest}")[0]
                    yield " ".join(f"{found[1]} {rest}".replace("%%", "%").split())


def _gone_constants(
    files: Iterable[FileDiff], added: str, settings: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield what a constant was whose place a setting takes that shares a word with its name: the constant itself nobody can set."""
    named = {*_NAME.findall(added.replace(".", " "))} & {*settings}
    gone = (line.text for file in files for hunk in file.hunks for line in hunk.removed)
    for found in filter(None, map(_CONSTANT.search, gone)):
        words = {*found[1].lower().split("_")}
        heirs = sorted((-len(words & {*name.split("_")}), name) for name in named)
        if "DEFAULT" in found[1] and found[1] not in added and heirs and heirs[0][0]:
            yield found[2], f"--{heirs[0][1].replace('_', '-')}"


class Mended(NamedTuple):
    """A pull request that replaces lines that an earlier one of the window added, or handles a setting or value that it brought."""

    source: int
    target: int
    names: tuple[str, ...]
    """The path of the lines, or the names handled."""


def find_mended(patches: Sequence[tuple[int, Diff]], brought: Mapping[str, int]) -> Iterator[Mended]:
    """Yield who works on whose lines; patches oldest first. ``brought`` are names of settings and values by who brought them first."""
    owners: dict[tuple[str, str], int] = {}
    names = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(brought))
    named, seen = re.compile(names or r"(?!)"), set[int]()
    for number, diff in patches:
        files = [
            file
            for file in diff.files
            if file.path.startswith(places().product) and not places().is_test(file.path)
        ]
        own, removed = _replaced(files, owners)
        least = max(_LONG, _PART * removed)
        mended = {target for target, paths in own.items() if target != number and paths.total() >= least}
        for target in sorted(mended):
            yield Mended(number, target, tuple(path for path, _ in own[target].most_common()))
        handled: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for name in (name for file in files for line in _added(file) for name in named.findall(line)):
            handled[brought[name]][name] = None
        for target in sorted((handled.keys() & seen) - mended):
            yield Mended(number, target, tuple(handled[target]))
        for file in files:
            owners |= {
                (file.path, line.strip()): number for line in _added(file) if len(line.strip()) >= _SHORT
            }
        seen.add(number)


def _replaced(
    files: Iterable[FileDiff], owners: Mapping[tuple[str, str], int]
) -> tuple[dict[int, Counter[str]], int]:
    """Return by who added them the characters of the lines that go, by path, and how many characters go in all."""
    own: defaultdict[int, Counter[str]] = defaultdict(Counter)
    removed = 0
    for file in files:
        for line in (line.text.strip() for hunk in file.hunks for line in hunk.removed):
            removed += len(line)
            target = owners.get((file.old_path or file.path, line))
            if target is not None:
                own[target][file.path] += len(line)
    return own, removed
