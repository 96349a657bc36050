"""What authors say in the lines that a pull request adds: errors, warnings, remarks, figures, and what its tests lost.

Only what is about settings that users know is kept, in the author's own words: it says how something is switched on, what it costs and
what to do instead.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from diffscope.diff.model import Diff, FileDiff, FileStatus, Hunk
from diffscope.patterns import lazy_regex
from diffscope.products.report.decisions import Decided, Resolved, parsed
from diffscope.source.model import Value
from diffscope.source.profile import places
from diffscope.source.text import split_lines

_OPTION: Final = lazy_regex(r"--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")
_NAME: Final = lazy_regex(r"(?<![\w.])[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_SAID: Final = lazy_regex(r"^\s*(?:raise \w*(?:Error|Exception)|(?:logger|warnings)\.warn\w*)\(")
_SETS: Final = lazy_regex(r"\.(\w+) = ")
_PLACED: Final = lazy_regex(r"^\s*(\w+) ?= ?([^=].*?),?$")
_CONSTANT: Final = lazy_regex(r"^\s*([A-Z][A-Z0-9_]+)(?:: [^=]+)? = ([^\s(\[{]+)$")
_FIELD: Final = lazy_regex(r"(?m)^ {4}([a-z]\w*): .*[^,]$")
"""How a class declares a field, and not a function a parameter."""
_ROUTE: Final = lazy_regex(r"""["'](/[\w/{}.-]+)["']""")
_OFF_FIELD: Final = lazy_regex(r"^ {4}([a-z]\w*_\w+): .*= (?:None|False)$")
_WORD: Final = lazy_regex(r"\w+")
_NEAR: Final = 8
"""Lines before an error among which the condition stands that it is under."""
_QUOTED_OPTION: Final = lazy_regex(r"""["']--([a-z][a-z0-9-]+)["']""")
_UNSET: Final = lazy_regex(r"^\s*if (?:not )?(\w+)(?: is None)?:$")
_FIGURE: Final = lazy_regex(r"\d(?:x|%)(?![\w(])")
_GONE: Final = lazy_regex(r"(?i)\bdeprecat\w+|\bwill be removed\b|\bno longer supported\b")
_TURNS: Final = lazy_regex(
    r"(?i)\bdisabl\w+|\bfall(?:ing|s)?[ -]?back\b|\bignored?\b|\boverrid\w+|\bnot (?:recommended|supported)\b|\binstead\b"
)
_PROSE: Final = lazy_regex(r"^(?:[-*>\s]|!!!)*([A-Z`].{20,}[.])")
_ORDER: Final = lazy_regex(r"\bdef (\w*priorit\w*)\(")
_WHY: Final = lazy_regex(r"(?i)\b(?:because|otherwise|avoid|prevent|may|must|so that|e\.g\.)")
_END: Final = lazy_regex(r"[.!?]\s+")
_BOUND: Final = lazy_regex(
    r"\bmust be (?:in\b|non-?negative|positive|between|specified|provided|a\b|an\b)|\bcannot be (?:0|negative|empty)\b"
)
"""How errors say which values something takes at all."""
_PLACE: Final = lazy_regex(r"%(?:\(\w+\))?[-+ #0]*[\d.]*[sdifrgxe]\b|\{[^{}]*\}")
_LIMIT: Final = lazy_regex(r"^\s*[-*] ([A-Z][^.(]* (?:is|are) not supported)\b")
_PREFIX: Final = lazy_regex(r"\b[fFrR]{1,2}(?=[\"'])")
_OWNER: Final = lazy_regex(r"\bclass (\w*(?:Config|Args|Params|Request))\b")
_SETTINGS: Final = ("Config", "Args")
_SAME: Final = 28
"""Letters and digits of a text, by which it was there before: what moves is often reworded behind its beginning."""
_GIVEN: Final = lazy_regex(r"""["']?\b([a-z]\w+)["']?\s*[:=]\s*(True|False|None|[\d.]+|"[^"]*"|'[^']*')""")
"""How a table or an assignment gives a setting a plain value."""
_LINES: Final = 24
"""Lines of one statement that are read."""
_FIGURES: Final = 4


class AuthorsWords(Value, frozen=True, kw_only=True):
    """What one pull request says of settings, each text whole, white space folded, values as an ellipsis."""

    errors: tuple[str, ...] = ()
    """Of exceptions that code of before raises now."""
    warnings: tuple[str, ...] = ()
    deprecations: tuple[str, ...] = ()
    """Warnings, each behind its class of settings and a colon, and sentences of documents, that something is on its way out."""
    limits: tuple[str, ...] = ()
    """Points of lists in docstrings that say what is not supported."""
    fields: tuple[tuple[str, str], ...] = ()
    """Settings that it adds or changes, with their docstrings."""
    figures: tuple[str, ...] = ()
    """Lines of comments and docstrings with a new value of a setting and what it gains or costs."""
    assigned: tuple[tuple[str, int], ...] = ()
    """Path and number of lines that assign something of a setting's name."""
    decided: tuple[Decided, ...] = ()
    duties: tuple[tuple[str, str, str], ...] = ()
    """What a setting decides besides from now on: its name, what it decides, and the path."""
    constants: tuple[tuple[str, str], ...] = ()
    """Values of constants of defaults that are gone, with the setting that decides in their place."""
    unless: tuple[tuple[str, str], ...] = ()
    """Such values, with the variable of the environment that decided where it was set, and still does."""
    brought: tuple[str, ...] = ()
    """Fields of classes and options that it declares."""
    routes: tuple[str, ...] = ()
    """Paths of endpoints that stand in what it adds."""
    optional: tuple[str, ...] = ()
    """Settings that it changes and that an option of the command line sets, too."""
    defaults: tuple[tuple[str, str], ...] = ()
    """Settings that decide something new, with what they are by default."""
    resolved: tuple[tuple[str, Resolved], ...] = ()
    """Settings that leave a choice to the code by default now, with what it chooses."""
    remarks: tuple[str, ...] = ()
    """Comments that say why."""
    options: tuple[tuple[str, str], ...] = ()
    """Types of settings that take something new, with the option that sets them."""
    orders: tuple[tuple[str, str, str], ...] = ()
    """Of functions that say in which order something is tried what they try first, where that changed: before, now, and the conditions it is under (while it is read: path, name and nothing)."""
    settled: tuple[tuple[str, str], ...] = ()
    """Settings with values that removed lines gave them: where such a value is the default now, the code decided so before."""
    acted: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Variables that go, with the names any of which they acted with."""
    capped: tuple[str, ...] = ()
    """What its tests run only up to a version from now on."""


NOTHING: Final = AuthorsWords()


def read_words(diff: Diff, settings: Collection[str], values: Collection[str] = ()) -> AuthorsWords:
    """Return what the lines of a pull request say; ``settings`` are options of the command line as ``max_model_len``, ``values`` what settings newly take."""
    files = [file for file in diff.files if not places().is_test(file.path)]
    python = [file for file in files if file.path.endswith(".py") and file.path.startswith(places().packages)]
    asked = _Asked(frozenset(settings), python)
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    assigned, orders, duties = (
        list[tuple[str, int]](),
        dict[tuple[str, str, str], None](),
        list[tuple[str, str, str]](),
    )
    for file, hunk in ((each, hunk) for each in python for hunk in each.hunks):
        lines = _added(hunk)
        for kind, text in _said(lines, file, hunk, asked):
            found[kind][text] = None
        for text in _remarks(lines):
            found["remarks"][text] = None
        # What one model's file decides is of that model.
        if file.status is not FileStatus.ADDED and "/models/" not in file.path:
            assigned += [(file.path, number) for number in _assigned(hunk, asked.settings)]
            duties += [(*each, file.path) for each in _duties(hunk, asked.settings)]
        order = _ORDER.search(hunk.section)
        if order and hunk.added and hunk.removed:
            orders[file.path, order[1], ""] = None
    documents = [file for file in files if file.path.endswith(".md")]
    gone = _Asked(frozenset(), documents)
    for line in (line for file in documents for line in _added(file)):
        prose = _PROSE.search(line)
        if prose and _GONE.search(prose[1]) and not gone.was_there(prose[1]):
            found["deprecations"][" ".join(prose[1].split())] = None
    added = [line for file in python for line in _added(file)]
    named = re.compile("|".join(rf"\b{re.escape(value)}\b" for value in values) or r"(?!)")
    told = [line for line in added if _FIGURE.search(line) and named.search(line)]
    figures = [" ".join(line.strip(" #*-").split()) for line in told]
    return AuthorsWords(
        errors=tuple(found["errors"]),
        warnings=tuple(found["warnings"]),
        deprecations=tuple(_from_the_point(found["deprecations"])),
        remarks=tuple(found["remarks"]),
        limits=tuple(dict.fromkeys(point[1] for line in added if (point := _LIMIT.match(line)))),
        figures=tuple(dict.fromkeys(figures[:_FIGURES])),
        assigned=tuple(assigned),
        duties=tuple(dict.fromkeys(duties)),
        constants=tuple(_gone_constants(python, " ".join(added), settings)),
        routes=tuple(sorted({*_ROUTE.findall("\n".join(added))})),
        brought=tuple(sorted(_declared(added) - _declared(_removed(python)))),
        orders=tuple(orders),
        settled=tuple(dict.fromkeys(_settled(python))),
    )


def _assigned(hunk: Hunk, settings: frozenset[str]) -> Iterator[int]:
    """Yield the lines that assign something of a setting's name, not those that only gave its value to another name before."""
    renamed = {_SETS.sub("", line.text.strip()) for line in hunk.removed if _SETS.search(line.text)}
    for line in hunk.added:
        name = _SETS.search(line.text)
        if name and name[1] in settings and _SETS.sub("", line.text.strip()) not in renamed:
            yield line.number


def _settled(files: Iterable[FileDiff]) -> Iterator[tuple[str, str]]:
    """Yield names with the plain values that removed lines gave them."""
    for line in (line for file in files for hunk in file.hunks for line in hunk.removed):
        yield from _GIVEN.findall(line.text)


def _duties(hunk: Hunk, settings: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield settings that decide from now on what something else decided, as (setting, what it decides)."""
    before = {found[1]: found[2] for line in hunk.removed if (found := _PLACED.search(line.text))}
    for found in (found for line in hunk.added if (found := _PLACED.search(line.text))):
        name = found[2].rpartition(".")[2]
        was = before.get(found[1], "")
        if was and "." in found[2] and name in settings and name not in was and name != found[1]:
            yield name, found[1]


def _removed(files: Iterable[FileDiff]) -> list[str]:
    return [line.text for file in files for hunk in file.hunks for line in hunk.removed]


def _declared(lines: Iterable[str]) -> set[str]:
    """Return the fields of classes and the options that lines declare, as ``max_model_len``."""
    text = "\n".join(lines)
    return {*_FIELD.findall(text), *(name.replace("-", "_") for name in _QUOTED_OPTION.findall(text))}


def unset_variable(text: str, value: str) -> str:
    """Return the variable of the environment without which a module takes a constant: ``if wicks is None:``, where ``wicks = envs.WICKS``."""
    lines = split_lines(text)
    for at, line in enumerate(lines):
        found = _CONSTANT.search(line)
        if not found or "DEFAULT" not in found[1] or found[2] != value:
            continue
        outer = [each for each in lines[:at] if each.strip() and _indent(each) < _indent(line)][-1:]
        asked = _UNSET.search(outer[0]) if outer else None
        read = re.compile(rf"^\s*{asked[1]} = \w+\.([A-Z][A-Z0-9_]+)$") if asked else None
        told = [name[1] for each in lines[:at] if read and (name := read.search(each))]
        if told:
            return told[-1]
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _added(of: FileDiff | Hunk) -> list[str]:
    hunks = of.hunks if isinstance(of, FileDiff) else (of,)
    return [line.text for hunk in hunks for line in hunk.added]


class _Asked:
    """What the texts of one pull request are asked: whether they name what users set, and whether they were there before."""

    def __init__(self, settings: frozenset[str], files: Sequence[FileDiff]) -> None:
        self.settings = settings
        new = {name for file in files for line in _added(file) for name in _OFF_FIELD.findall(line)}
        self.off = new - _declared(_removed(files))
        self._gone = _folded(_PREFIX.sub("", _PLACE.sub("", " ".join(_removed(files)))))

    def was_there(self, text: str) -> bool:
        """Return whether lines that went say the same."""
        return _folded(text)[:_SAME] in self._gone

    def names(self, text: str) -> bool:
        """Return whether a text names an option or a variable of the environment."""
        words = {*_NAME.findall(text), *(name.replace("-", "_") for name in _OPTION.findall(text))}
        return not words.isdisjoint(self.settings) or places().variable.search(text) is not None


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
            # What is off unless somebody sets it, and is new, stops nobody.
            if not asked.off.isdisjoint(_WORD.findall(" ".join(lines[max(0, at - _NEAR) : at]))):
                continue
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
        if _WHY.search(text) and not text.startswith(("TODO", "FIXME", "NOTE")):
            yield text
        block = []


def _text(lines: Sequence[str]) -> str:
    """Return the text of the call that lines begin with, values as an ellipsis; nothing where it is none by itself."""
    for end in range(1, len(lines) + 1):
        body = parsed(textwrap.dedent("\n".join(lines[:end]))).body
        if len(body) != 1:
            continue
        statement = body[0]
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


def _gone_constants(
    files: Iterable[FileDiff], added: str, settings: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield what a constant was whose place a setting takes that shares a word with its name: the constant itself nobody can set."""
    named = {*_NAME.findall(added.replace(".", " "))} & {*settings}
    for found in filter(None, map(_CONSTANT.search, _removed(files))):
        words = {*found[1].lower().split("_")}
        heirs = sorted((-len(words & {*name.split("_")}), name) for name in named)
        if "DEFAULT" in found[1] and found[1] not in added and heirs and heirs[0][0]:
            yield found[2], f"--{heirs[0][1].replace('_', '-')}"


def remarks_above(text: str, name: str) -> str:
    """Return the comment above the entry of a table whose key is a name; nothing where there is none."""
    before, found, _ = text.partition(f'    "{name}": ')
    block: list[str] = []
    for line in reversed(
        split_lines(before)[:-1] if before.endswith(" ") else split_lines(before) if found else []
    ):
        if not line.lstrip().startswith("#"):
            break
        block.insert(0, line.strip(" #"))
    return " ".join(block)
