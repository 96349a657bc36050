"""The typed reader: a value by its declared type, or every mistake of the file with place, what was found and what is allowed."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct, field

from diffscope.errors import ConfigurationError, RuleError
from diffscope.yaml.reading import mistake_line
from diffscope.yaml.strict import Node, ScalarNode
from diffscope.yaml.typed import Check, Inline, Known, Line, Rows, check_file, read_file


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(Struct, frozen=True, kw_only=True):
    width: int
    height: float = 1.0


class Chosen(Struct, frozen=True, kw_only=True):
    text: str
    line: Annotated[int, Line()] = 0


class Shelf(Struct, frozen=True, kw_only=True):
    name: str
    size: Size
    colour: Colour = Colour.RED
    kind: Literal["open", "closed"] = "open"
    fixed: bool = False
    books: tuple[Annotated[str, Check(lambda text: None if text.islower() else (f"'{text}' is loud", "write it small"))], ...] = ()  # fmt: skip
    near: tuple[Annotated[str, Known("place")], ...] = ()
    owner: str | None = None
    picks: tuple[Annotated[Chosen, Inline("text")], ...] = ()
    as_written: Node | None = field(name="as-written", default=None)

    def __post_init__(self) -> None:
        if self.fixed and self.owner:
            raise ValueError("has an owner and is fixed")


class Room(Struct, frozen=True, kw_only=True):
    shelves: Annotated[tuple[Shelf, ...], Rows("name", what="shelf")]
    doors: Annotated[tuple[str, ...], Meta(min_length=1)] = ("front",)
    notes: dict[str, str] = {}


KNOWN = {"place": ("window", "door")}


def told(text: str, type_: object = Room) -> list[str]:
    """Return what is wrong in a text."""
    return [mistake_line(each) for each in check_file(type_, text, at="r.yml", known=KNOWN)[1]]


def test_value_of_every_kind_of_type() -> None:
    text = """\
shelves:
  tall:
    size: {width: 3, height: 2}
    colour: blue
    kind: closed
    books: [a, b]
    near: [window]
    owner: null
    picks: [one,
            two]
    as-written: 1_0
notes: {a: b}
"""
    room: Room = read_file(Room, text, at="r.yml", known=KNOWN)
    shelf = room.shelves[0]
    assert isinstance(shelf.as_written, ScalarNode)
    assert (shelf.name, shelf.size, shelf.colour, shelf.kind, shelf.books, shelf.near) == (
        "tall", Size(width=3, height=2.0), Colour.BLUE, "closed", ("a", "b"), ("window",),
    )  # fmt: skip
    assert shelf.picks == (Chosen(text="one", line=9), Chosen(text="two", line=10))
    assert (shelf.as_written.text, room.doors, room.notes) == ("1_0", ("front",), {"a": "b"})


def shelf(text: str) -> str:
    return f"shelves: {{s: {{size: {{width: 1}}, {text}}}}}"


WRONG = [
    pytest.param("", "1:1: the file must be a mapping, not nothing (write 'key: value')", id="an empty file"),
    pytest.param("- a", "1:1: the file must be a mapping, not a list (write 'key: value')", id="a list for a mapping"),
    pytest.param("{}", "1:1: the file lacks 'shelves' (add 'shelves:')", id="a key missing"),
    pytest.param("shelves: {}\nshlves: {}", "2:1: unknown key 'shlves' in the file (did you mean 'shelves'?)", id="a key unknown"),
    pytest.param("shelves: {}\nshelves: {}", "2:1: duplicate key 'shelves', first on line 1 (remove or rename one of the two)", id="a key twice"),
    pytest.param("doors: [1]\ndoors: [a]", "1:9: an entry of 'doors' must be text, not the number '1'", id="a mistake beneath the first of a key that stands twice"),
    pytest.param("shelves: {s: {}}", "1:14: the shelf 's' lacks 'size' (add 'size:')", id="a key missing in a row"),
    pytest.param("shelves: {s: [1]}", "1:14: the shelf 's' must be a mapping, not a list (write 'key: value')", id="a list for a row"),
    pytest.param("shelves: [s]", "1:10: 'shelves' must be a mapping, not a list (write 'key: value')", id="a list for rows"),
    pytest.param("shelves: {s: {size: {width: wide}}}", "1:29: 'width' of 'size' of the shelf 's' must be a whole number, not the text 'wide' (write a whole number)", id="text for a whole number"),
    pytest.param("shelves: {s: {size: {width: 1.5}}}", "1:29: 'width' of 'size' of the shelf 's' must be a whole number, not the number '1.5' (write a whole number)", id="a fraction for a whole number"),
    pytest.param("shelves: {s: {size: {width: true}}}", "1:29: 'width' of 'size' of the shelf 's' must be a whole number, not true (write a whole number)", id="a truth value for a whole number"),
    pytest.param("shelves: {s: {size: {width: 1, height: [1]}}}", "1:40: 'height' of 'size' of the shelf 's' must be a number, not a list (write a number)", id="a list for a number"),
    pytest.param(shelf("colour: blu"), "1:41: unknown colour 'blu' in 'colour' of the shelf 's' (did you mean 'blue'?)", id="a word outside an enum"),
    pytest.param(shelf("kind: shut"), "1:39: unknown word 'shut' in 'kind' of the shelf 's' (known: closed, open)", id="a word outside a closed set"),
    pytest.param(shelf("fixed: yes"), "1:40: 'fixed' of the shelf 's' must be true or false, not the text 'yes' (write true or false)", id="a word for a truth value"),
    pytest.param(shelf("books: a"), "1:40: 'books' of the shelf 's' must be a list, not the text 'a' (write [a, b] or '- ' lines)", id="a text for a list"),
    pytest.param(shelf("books: [a, 7]"), "1:44: an entry of 'books' of the shelf 's' must be text, not the number '7' (quote it: \"7\")", id="a number for a text"),
    pytest.param(shelf("books: [A]"), "1:41: 'A' is loud (write it small)", id="a text that its check refuses"),
    pytest.param(shelf("near: [windw]"), "1:40: unknown place 'windw' in an entry of 'near' of the shelf 's' (did you mean 'window'?)", id="a word that no table knows"),
    pytest.param(shelf('owner: ""'), "1:40: 'owner' of the shelf 's' must be text, not the text '' (write a text)", id="an empty text"),
    pytest.param(shelf("picks: [{}]"), "1:41: an entry of 'picks' of the shelf 's' must be text, not a mapping (write a text)", id="a mapping for a text"),
    pytest.param(shelf("line: 3"), "1:33: unknown key 'line' in the shelf 's'", id="a field that is not written"),
    pytest.param(shelf("fixed: true, owner: me"), "1:14: the shelf 's' has an owner and is fixed", id="fields that exclude each other"),
    pytest.param("shelves: {}\ndoors: []", "2:8: 'doors' is an empty list (list at least one)", id="an empty list"),
    pytest.param("shelves: {}\nnotes: {a: 1}", "2:12: 'a' of 'notes' must be text, not the number '1' (quote it: \"1\")", id="a number in a mapping of texts"),
    pytest.param("shelves: {}\nnotes: {a: &x b}", "2:12: the anchor &x is not allowed (write the value out)", id="what strict YAML refuses"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_mistake_has_place_what_was_found_and_what_is_allowed(text: str, complaint: str) -> None:
    assert any(line.startswith(f"r.yml:{complaint}") for line in told(text)), told(text)


def test_all_mistakes_of_a_file_come_at_once_in_its_order() -> None:
    text = "shelves:\n  a: {size: {widht: 1}}\n  b: {size: {width: x}, books: [A, 3]}\ndoors: []\n"
    with pytest.raises(RuleError) as caught:
        read_file(Room, text, at="r.yml")
    first, *lines = caught.value.message.splitlines()
    places = [line.partition(": ")[0] for line in lines]
    assert (first, places) == ("6 mistakes", [f"r.yml:{at}" for at in ("2:13", "2:14", "3:21", "3:33", "3:36", "4:8")])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("shelvs: {}\ndoors: [\n", "3:1", id="an open bracket"),
        pytest.param("shelvs: {}\n\tdoors: []\n", "2:1", id="a tab as indent"),
        pytest.param("shelvs: {a: {a: 1, a: 2}}\nb: \x01\n", "2:1", id="a control character"),
        pytest.param("shelvs: " + "[" * 40 + "]" * 40, "1:40", id="nested too deep"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_one_mistake(text: str, place: str) -> None:
    (line,) = told(text)
    assert line.startswith(f"r.yml:{place}: "), line


def test_single_mistake_has_place_and_hint_apart() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_file(Room, "{}", at="r.yml", kind=ConfigurationError)
    error = caught.value
    assert (error.message, error.at, error.hint) == (
        "the file lacks 'shelves'",
        "r.yml:1:1",
        "add 'shelves:'",
    )


def test_hundred_mistakes_are_enough() -> None:
    lines = told("shelves: {}\n" + "".join(f"k{number}: 1\n" for number in range(500)))
    assert (len(lines), lines[-1].partition(": ")[2]) == (101, "and more; correct these first")
