"""``.proto`` files: what of them breaks whoever speaks the protocol."""

from __future__ import annotations

import pytest

from tests.fact_builders import facts

PATH = "rust/proto/engine.proto"
PROTO = """\
syntax = "proto3";
package engine;

// A request.
message Request {
  string prompt = 1;  // text; not tokens = 9
  optional int32 depth = 2;
  map<string, int64> bias = 3;
  oneof source {
    bytes image = 4;
    string url = 5 [deprecated = true];
  }
  enum Mode { FAST = 0; SLOW = 1; }
  message Inner { repeated Mode modes = 1; }
  reserved 8, 9;
}
message Answer { string text = 1; }
service Engine {
  rpc Generate(Request) returns (stream Answer);
  rpc Stop(Request) returns (Answer) { option idempotent = true; }
}
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("  string prompt = 1;", "", [("Request.prompt", "removed", "string = 1", None)], id="a field goes"),
        pytest.param("depth = 2", "depth = 7", [("Request.depth", "retyped", "int32 = 2", "int32 = 7")], id="another number"),
        pytest.param("int32 depth", "int64 depth", [("Request.depth", "retyped", "int32 = 2", "int64 = 2")], id="another type"),
        pytest.param("optional int32", "int32", [], id="a presence that is tracked no more"),
        pytest.param("optional int32", "repeated int32", [("Request.depth", "retyped", "int32 = 2", "repeated int32 = 2")], id="many for one"),
        pytest.param(
            "string prompt", "string text_prompt", [("Request.prompt", "retyped", "prompt", "text_prompt")], id="another name for the same number"
        ),
        pytest.param("bytes image = 4", "string image = 4", [("Request.image", "retyped", "bytes = 4", "string = 4")], id="a choice of a oneof"),
        pytest.param("SLOW = 1", "SLOW = 2", [("Request.Mode.SLOW", "retyped", "= 1", "= 2")], id="a value of an enumeration"),
        pytest.param(
            "map<string, int64>",
            "map<string, int32>",
            [("Request.bias", "retyped", "map < string , int64 > = 3", "map < string , int32 > = 3")],
            id="a map",
        ),
        pytest.param(
            "(stream Answer)",
            "(Answer)",
            [("Engine.Generate", "retyped", "Request -> stream Answer", "Request -> Answer")],
            id="an answer that is streamed no more",
        ),
        pytest.param(
            "  rpc Stop(Request) returns (Answer) { option idempotent = true; }\n",
            "",
            [("Engine.Stop", "removed", "Request -> Answer", None)],
            id="a method goes",
        ),
        pytest.param(
            "message Answer { string text = 1; }",
            "message Answer { string text = 1; int32 n = 2; }",
            [("Answer.n", "added", None, "int32 = 2")],
            id="a field comes",
        ),
        pytest.param("// A request.", "// The request.", [], id="a comment"),
        pytest.param("[deprecated = true]", "", [], id="an option of a field"),
        pytest.param("  string prompt = 1;  // text; not tokens = 9", "  string\n    prompt = 1;", [], id="layout"),
    ],
)  # fmt: skip
def test_what_changed(
    before: str, after: str, expected: list[tuple[str, str, str | None, str | None]]
) -> None:
    assert before in PROTO
    found = facts({PATH: PROTO}, {PATH: PROTO.replace(before, after)}).option
    assert [(one.name, one.change, one.before, one.after) for one in found] == expected


def test_a_message_that_moves_to_another_file_is_neither_new_nor_gone() -> None:
    answer = "message Answer { string text = 1; }\n"
    found = facts({PATH: PROTO}, {PATH: PROTO.replace(answer, ""), "rust/proto/answer.proto": answer}).option
    assert found == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "message",
        "message A {",
        "}}}",
        "message A { = ; }",
        "rpc ( ;",
        "message A { string x = ",
        "{" * 5000,
    ],
)
def test_any_text_is_read(text: str) -> None:
    facts({PATH: PROTO}, {PATH: text + "\n// end\n"})
