"""One file's outline -> its records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.graph.resolve import absolute_module, node_name
from diffscope.graph.tables import ABSENT, LAYER_CODES, FileRecords, Record, Reference, ReferenceKind
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.model import DefinitionKind, Import, ImportLayer, Outline, RegistryRow, RowShape

_IMPORT_CODES: Final = {layer: LAYER_CODES[EdgeLayer(layer.value)] for layer in ImportLayer}
_REGISTRY: Final = LAYER_CODES[EdgeLayer.REGISTRY]
_STRING: Final = LAYER_CODES[EdgeLayer.STRING]
_OP: Final = LAYER_CODES[EdgeLayer.OP]
_SHADOWS: Final = frozenset({DefinitionKind.CLASS, DefinitionKind.FUNCTION})
_MODULE: Final = lazy_regex(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CLASS: Final = lazy_regex(r"(?=\w*[A-Z])_*[A-Za-z]\w*")
_CUSTOM_OP: Final = lazy_regex(r"(?:.*\.)?(?:\w*register\w*_op|custom_op)")
_IR_OP: Final = lazy_regex(r"(?:.*\.)?register_op")
_IR_IMPLEMENTATION: Final = lazy_regex(r"(?:.*\.)?ops\.(\w+)\.register_impl")


def describe_file(path: RepoPath, outline: Outline | None) -> FileRecords:
    """Return what the graph takes from a Python file with such an outline (``None``: its bytes are missing)."""
    if outline is None:
        return ABSENT
    name = node_name(path)
    if name is None:
        return FileRecords()
    file = _PythonFile(outline, name, is_package=path.endswith("/__init__.py"))
    unparsed = outline.problems[0].line if outline.problems else 0
    return FileRecords(records=tuple(sorted(set(file.records()))), unparsed=unparsed)


def star_names(outline: Outline) -> tuple[str, ...]:
    """Return the names that ``from module import *`` takes from a module with such an outline, sorted."""
    if outline.exports is not None:
        return tuple(sorted(set(outline.exports)))
    top = {each.name for each in outline.definitions if "." not in each.name}
    imported = {
        each.alias or each.name or each.module
        for each in outline.imports
        if each.layer is ImportLayer.EAGER and each.name != "*"
    }
    return tuple(sorted(name for name in top | imported if not name.startswith("_") and "." not in name))


class _PythonFile:
    def __init__(self, outline: Outline, name: ModuleName, *, is_package: bool) -> None:
        self._outline = outline
        self._name = name
        self._package = name if is_package else name.rpartition(".")[0]
        self._is_package = is_package
        self._defined = {each.name for each in outline.definitions if each.kind in _SHADOWS}

    def records(self) -> Iterator[Record]:
        outline = self._outline
        for each in outline.imports:
            yield from self._import(each)
        rows = [record for row in outline.rows for record in self._row(row)]
        yield from rows
        named = {record.reference.head for record in rows if record.reference.kind == ReferenceKind.DOTTED}
        for string in outline.strings:
            if _is_rooted(string.text) and string.text not in named:
                yield Record(string.line, _STRING, Reference(ReferenceKind.DOTTED, string.text))
        for call in outline.operators:
            yield Record(call.line, _OP, Reference(ReferenceKind.OPERATOR, call.namespace, call.name))
        yield from self._decorated()

    def _import(self, each: Import) -> Iterator[Record]:
        module = self._absolute(each)
        if module is None or not _is_rooted(module):
            return
        bound = ""
        if each.layer is not ImportLayer.LAZY and each.name != "*":
            # ``import a.b`` binds ``a``, which says nothing of ``b``; only an alias does.
            bound = each.alias or each.name or ""
            if bound in self._defined:
                bound = ""
        reference = Reference(ReferenceKind.IMPORT, module, each.name or "")
        yield Record(each.line, _IMPORT_CODES[each.layer], reference, each.guard or "", bound)

    def _absolute(self, each: Import) -> str | None:
        return absolute_module(each.module, each.level, importer=self._name, is_package=self._is_package)

    def _decorated(self) -> Iterator[Record]:
        """Yield the operators that ``@register_op`` makes of functions under their own names."""
        for each in self._outline.definitions:
            for written in each.decorators:
                name, _, arguments = written.removeprefix("@").partition("(")
                if _IR_OP.fullmatch(name) and "name=" not in arguments:
                    provided = Reference(ReferenceKind.PROVIDES, places().register_op, each.name)
                    yield Record(each.line, _OP, provided)

    def _provided(self, row: RegistryRow) -> Reference | None:
        """Return the operator that a row registers, or implements, if it does."""
        if row.shape not in (RowShape.CALL, RowShape.DECORATOR):
            return None
        if implemented := _IR_IMPLEMENTATION.fullmatch(row.table):
            return Reference(ReferenceKind.PROVIDES, places().register_op, implemented[1])
        if not _CUSTOM_OP.fullmatch(row.table):
            return None
        namespace, _, operator = row.key.rpartition("::")
        name = operator.partition(".")[0]
        if not name.isidentifier():
            return None
        if not namespace:
            namespace = places().register_op if _IR_OP.fullmatch(row.table) else self._namespace(name)
        return Reference(ReferenceKind.PROVIDES, namespace, name)

    def _namespace(self, operator: str) -> str:
        """Return the namespace of an operator that is registered without one: the one that this file calls it by, else the usual one.

        Calls of the same name in a namespace of native code say nothing: wrappers are named like what they wrap.
        """
        usual = places().namespace
        called = {call.namespace for call in self._outline.operators if call.name == operator}
        own = sorted(name for name in called if name.startswith(usual))
        return own[0] if own else usual

    def _row(self, row: RegistryRow) -> Iterator[Record]:
        provided = self._provided(row)
        if provided is not None:
            yield Record(row.line, _OP, provided)
            return
        named = map(self._named, row.values) if row.is_names else (self._qualified(row),)
        for reference in named:
            if reference is not None:
                yield Record(row.line, _REGISTRY, reference, bound=f"{row.table}:{row.key}")

    def _qualified(self, row: RegistryRow) -> Reference | None:
        """Return what a row of strings names: one qualified path, or a module and a class."""
        first, *rest = row.values
        if not rest:
            return Reference(ReferenceKind.DOTTED, first) if _is_rooted(first) and "." in first else None
        if not _MODULE.fullmatch(first) or not _CLASS.fullmatch(rest[0]):
            return None
        # A relative module of a table stands beside the table: ``("llama", "LlamaForCausalLM")`` in models/registry.py.
        module = first if _is_rooted(first) and "." in first else f"{self._package}.{first}"
        return Reference(ReferenceKind.ROW, module, rest[0])

    def _named(self, value: str) -> Reference | None:
        """Return what a name in a row means in this file, imports inside of functions included."""
        first, _, rest = value.partition(".")
        if first in self._defined:
            return Reference(ReferenceKind.ROW, self._name, first)
        found = self._imported.get(first)
        if found is None or not _is_rooted(found.head):
            return None
        if rest and not found.tail:
            return Reference(ReferenceKind.ROW, found.head, rest.partition(".")[0])
        return found

    @cached_property
    def _imported(self) -> Mapping[str, Reference]:
        imported: dict[str, Reference] = {}
        for each in self._outline.imports:
            module = self._absolute(each)
            if module is not None and each.name != "*":
                bound = each.alias or each.name or module
                imported[bound] = Reference(ReferenceKind.ROW, module, each.name or "")
        return imported


def _is_rooted(text: str) -> bool:
    return text.partition(".")[0] in places().own
