"""Facts of Rust: items, tests beside the code, files that move."""

from __future__ import annotations

from tests.fact_builders import facts

PATH = "rust/src/chat/src/reader.rs"
CODE = """\
pub fn read(text: &str) -> usize {
    let trimmed = text.trim();
    let depth = trimmed.parse::<usize>();
    depth.unwrap_or_default()
}
"""
TESTS = """\

#[cfg(test)]
mod tests {
    #[test]
    fn reads() {
        assert_eq!(super::read("1"), 1);
    }
}
"""


def test_tests_beside_the_code_are_tests() -> None:
    found = facts({PATH: CODE}, {PATH: CODE.replace("trim()", "trim_end()") + TESTS})
    assert [(one.symbol, one.change, one.in_tests) for one in found.native] == [
        ("read", "body", False),
        ("tests::reads", "added", True),
    ]
    assert (found.change.test_files, found.change.test_code_added) == (1, 4)
    (file,) = found.file
    assert (file.code_added, file.code_removed) == (4, 1)


def test_comments_and_layout_are_no_logic() -> None:
    found = facts({PATH: CODE}, {PATH: "// Reads.\n" + CODE.replace("(text: &str)", "(\n    text: &str,\n)")})
    assert [one.logic for one in found.file] == [False]
    assert found.native == ()


def test_an_item_that_moves_to_another_file_is_neither_new_nor_gone() -> None:
    other = "rust/src/text/src/reader.rs"
    found = facts({PATH: CODE + "\nfn stay() {}\n", other: ""}, {PATH: "fn stay() {}\n", other: CODE})
    assert [(one.symbol, one.path, one.change, one.moved_from, one.code_added) for one in found.native] == [
        ("read", other, "moved", PATH, 0)
    ]


def test_an_item_that_is_edited_while_it_moves_tells_the_lines_of_the_edit() -> None:
    other = "rust/src/text/src/reader.rs"
    found = facts(
        {PATH: CODE + "\nfn stay() {}\n", other: ""},
        {PATH: "fn stay() {}\n", other: CODE.replace("trim()", "trim_end()")},
    )
    assert [(one.change, one.moved_from, one.code_added, one.code_removed) for one in found.native] == [
        ("body", PATH, 1, 1)
    ]


def test_what_came_and_what_went_are_told_apart() -> None:
    found = facts({PATH: CODE}, {PATH: CODE.replace("unwrap_or_default()", "unwrap()")})
    assert [(one.signals, one.signals_new, one.line) for one in found.native] == [(("panic",), ("panic",), 4)]
    back = facts({PATH: CODE.replace("unwrap_or_default()", "unwrap()")}, {PATH: CODE})
    assert [(one.signals, one.signals_new) for one in back.native] == [(("panic",), ())]


def test_a_file_that_does_not_parse_says_so() -> None:
    found = facts({PATH: CODE}, {PATH: CODE.replace("(text: &str)", "(text: &str")})
    assert ("native", PATH) in {(one.family, one.path) for one in found.unknown}
    assert [gap.code for gap in found.gaps if gap.path == PATH] == ["gap.file-unparsed-at"]
