"""Rust: what a file declares, and what of a change is more than layout."""

from __future__ import annotations

import pytest

from diffscope.syntax.native.rust import compare_rust

SOURCE = """\
use std::fmt;

/// Options of a reader.
#[derive(Debug, Deserialize)]
pub struct Options<'a> {
    pub name: &'a str,
    #[serde(default)]
    strict: bool,
}

pub enum Mode { Fast, Slow(u8) }

impl<'a> Options<'a> {
    pub fn read(&self, text: &str) -> usize {
        text.parse().unwrap_or(0) // zero
    }

    async unsafe fn raw(&self) -> u8 {
        0
    }
}

impl fmt::Display for Options<'_> {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        write!(to, "{}", self.name)
    }
}

pub(crate) trait Reader { fn read(&self) -> u8; }
const MOST: usize = 4;
macro_rules! twice { ($x:expr) => { $x * 2 }; }

#[cfg(test)]
mod tests {
    #[test]
    fn reads() { assert_eq!(super::MOST, 4); }
}
"""


def test_outline_names_every_item() -> None:
    outline = compare_rust(None, SOURCE.encode()).after
    assert outline is not None
    assert [(each.name, each.item, each.qualifiers) for each in outline.functions] == [
        ("Options", "struct", ("Debug", "Deserialize", "pub")),
        ("Mode", "enum", ("pub",)),
        ("Options::read", "function", ("pub",)),
        ("Options::raw", "function", ("async", "unsafe")),
        ("Options::fmt", "function", ()),
        ("Reader", "trait", ("pub(crate)",)),
        ("MOST", "const", ()),
        ("twice", "macro", ()),
        ("tests::reads", "function", ("test",)),
    ]
    assert [each.path for each in outline.includes] == ["use std::fmt;"]
    assert outline.functions[0].parameters == ("pub name: &'a str", "strict: bool")
    assert (outline.functions[2].start, outline.functions[2].end) == (14, 16)
    assert outline.problems == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("text.parse()", "text.trim().parse()", [("Options::read", ["body"])], id="a body"),
        pytest.param("(&self, text: &str)", "(&self, text: String)", [("Options::read", ["signature"])], id="a signature"),
        pytest.param("    pub fn read", "    fn read", [("Options::read", ["signature"])], id="a function is public no more"),
        pytest.param("    strict: bool,\n", "", [("Options", ["body"])], id="a field goes"),
        pytest.param("Slow(u8)", "Slow(u16)", [("Mode", ["body"])], id="a variant has another type"),
        pytest.param("= 4;", "= 5;", [("MOST", ["body"])], id="a constant"),
        pytest.param("$x * 2", "$x * 3", [("twice", ["body"])], id="a macro"),
        pytest.param("// zero", "// none", [("Options::read", ["cosmetic"])], id="a comment"),
        pytest.param(
            "(&self, text: &str) -> usize {",
            "(\n        &self,\n        text: &str,\n    ) -> usize {",
            [("Options::read", ["cosmetic"])],
            id="layout",
        ),
        pytest.param("use std::fmt;", "use std::{fmt, io};", [], id="an import, which is no code"),
        pytest.param("impl<'a> Options<'a> {", "impl<'a> Options<'a> where Self: Sized {", [("", ["body"])], id="the head of an impl"),
        pytest.param(
            "fn reads()", "fn reads_all()", [("tests::reads", ["removed"]), ("tests::reads_all", ["added"])], id="a small function under another name"
        ),
    ],
)  # fmt: skip
def test_what_changed(before: str, after: str, expected: list[tuple[str, list[str]]]) -> None:
    assert before in SOURCE
    found = compare_rust(SOURCE.encode(), SOURCE.replace(before, after).encode())
    told = [(each.name, [aspect.value for aspect in each.aspects]) for each in found.functions]
    assert sorted(told) == expected
    assert all(each.logic is (each.aspects[0].value != "cosmetic") for each in found.functions)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("unsafe { *p }", ["unsafe"], id="an unsafe block"),
        pytest.param("x.unwrap()", ["panic"], id="unwrap"),
        pytest.param('panic!("no")', ["panic"], id="a macro that panics"),
        pytest.param(
            "tokio::select! { a = b() => a.unwrap() }", ["panic", "synchronisation"], id="inside of a macro"
        ),
        pytest.param("tokio::spawn(run())", ["synchronisation"], id="a task"),
        pytest.param("n.load(Ordering::Relaxed)", ["atomic"], id="an ordering"),
        pytest.param("x.unwrap_or(0)", [], id="a default"),
        pytest.param('"unsafe { x.unwrap() }"', [], id="words in a string"),
        pytest.param("/* unsafe { x.unwrap() } */ 1", [], id="words in a comment"),
    ],
)
def test_signals(body: str, expected: list[str]) -> None:
    (change,) = compare_rust(b"fn f() {\n    0\n}\n", f"fn f() {{\n    {body}\n}}\n".encode()).functions
    assert sorted({each.signal.kind.value for each in change.signals}) == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\xff\xfe", id="no text"),
        pytest.param(b"fn f( {", id="half a function"),
        pytest.param(b"mod a { " * 3000, id="modules of any depth"),
        pytest.param(b"fn f() { " + b"((" * 5000 + b" }", id="brackets of any depth"),
        pytest.param(b'fn f() { r#"' + b"x" * 1000, id="a string without an end"),
    ],
)
def test_any_bytes_are_read(source: bytes) -> None:
    compare_rust(source, SOURCE.encode())
    assert compare_rust(None, source).before is None


def test_what_does_not_parse_is_told() -> None:
    found = compare_rust(
        SOURCE.encode(), SOURCE.replace("fn read(&self, text: &str)", "fn read(&self, text").encode()
    )
    assert found.problems
