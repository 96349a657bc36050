"""The one reader of Dockerfiles: instructions as BuildKit cuts them, each with the lines it stands on."""

from __future__ import annotations

import pytest

from diffscope.project.requirements import is_dockerfile, parse_dockerfile, read_dockerfile
from diffscope.source.model import RepoPath

CUT = [
    pytest.param("RUN a\nRUN b\n", [("RUN", "a", 1), ("RUN", "b", 2)], id="an instruction a line"),
    pytest.param("run a\nFrom x:1\n", [("RUN", "a", 1), ("FROM", "x:1", 2)], id="words in any case"),
    pytest.param("FROM\tx:1\n  RUN\ta\n", [("FROM", "x:1", 1), ("RUN", "a", 2)], id="a tab behind the word, blanks before it"),
    pytest.param("RUN a \\\n  b\nRUN c\n", [("RUN", "a   b", 1), ("RUN", "c", 3)], id="a continued line"),
    pytest.param("RUN a\\\nb\n", [("RUN", "ab", 1)], id="a word continued on the next line"),
    pytest.param("RUN a \\ \t\n b\n", [("RUN", "a  b", 1)], id="blanks behind the backslash"),
    pytest.param("RUN a \\\r\n b\r\nRUN c\r\n", [("RUN", "a  b", 1), ("RUN", "c", 3)], id="CR LF"),
    pytest.param("RUN a \\\n# note \\\n  # more\n b\n", [("RUN", "a  b", 1)], id="comments inside an instruction"),
    pytest.param("RUN a \\\n\n \n b\nRUN c\n", [("RUN", "a  b", 1), ("RUN", "c", 5)], id="blank lines inside an instruction"),
    pytest.param("# RUN x \\\nRUN a\n", [("RUN", "a", 2)], id="a comment does not continue"),
    pytest.param("RUN echo a\\\\\nRUN b\n", [("RUN", "echo a\\\\", 1), ("RUN", "b", 2)], id="a backslash escaped"),
    pytest.param("RUN a # note\n", [("RUN", "a # note", 1)], id="a hash inside a line is no comment"),
    pytest.param("RUN a \\\n", [("RUN", "a", 1)], id="a continuation at the end of the file"),
    pytest.param("\\\n\\\n", [], id="nothing but continuations"),
    pytest.param("", [], id="an empty file"),
    pytest.param("\ufeffFROM x:1\n", [("FROM", "x:1", 1)], id="a byte order mark"),
    pytest.param("# escape=`\nRUN dir c:\\\nRUN a `\n b\n", [("RUN", "dir c:\\", 2), ("RUN", "a  b", 3)], id="the escape directive"),
    pytest.param("# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\n b\n", [("RUN", "a  b", 3)], id="the escape directive behind another"),
    pytest.param("# note\n# escape=`\nRUN a \\\n b\n", [("RUN", "a  b", 3)], id="no directive behind a comment"),
    pytest.param("\n# escape=`\nRUN a \\\n b\n", [("RUN", "a  b", 3)], id="no directive behind an empty line"),
    pytest.param("# escape=x\nRUN a \\\n b\n", [("RUN", "a  b", 2)], id="an escape that is none"),
    pytest.param("ONBUILD RUN a\n", [("RUN", "a", 1)], id="an instruction for images built on this one"),
    pytest.param("RUN a\x0cb\u2028c\x85d\x1ce\n", [("RUN", "a\x0cb\u2028c\x85d\x1ce", 1)], id="other separators end no line"),
    pytest.param("RUN " + "\\\n" * 30_000 + "a\n", [("RUN", "", 1)], id="more continued lines than are read"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CUT)
def test_instructions(text: str, expected: list[tuple[str, str, int]]) -> None:
    assert [(each.word, each.text, each.line) for each in read_dockerfile(text)] == expected


HERE = [
    pytest.param("RUN <<EOF\na\n# b\nFROM c\nEOF\nRUN d\n", [("a\n# b\nFROM c", 2)], id="a script"),
    pytest.param("RUN <<-EOF\n\ta\n\tEOF\nRUN d\n", [("a", 2)], id="tabs are stripped"),
    pytest.param('COPY <<"E F" /x\na \\\nE F\nRUN d\n', [("a \\", 2)], id="a quoted word, nothing continues inside"),
    pytest.param("RUN <<A <<B\na\nA\nb\nB\nRUN d\n", [("a", 2), ("b", 4)], id="two of one instruction"),
    pytest.param("RUN x \\\n <<EOF\na\nEOF\nRUN d\n", [("a", 3)], id="behind a continued line"),
    pytest.param("RUN python3 <<EOF > /x\na\nEOF\nRUN d\n", [("a", 2)], id="for a program"),
    pytest.param("RUN 3<<EOF cat\na\nEOF\nRUN d\n", [("a", 2)], id="with a descriptor"),
    pytest.param("RUN echo '<<EOF'\nRUN d\n", [], id="a quoted word is none"),
    pytest.param("RUN cat <<< EOF\nRUN d\n", [], id="a here-string is none"),
    pytest.param("RUN echo $((1<<2))\nRUN d\n", [], id="a shift is none"),
    pytest.param("ENV A=<<EOF\nRUN d\n", [], id="other instructions have none"),
    pytest.param("RUN <<EOF\na\n", [("a", 2)], id="never ended"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), HERE)
def test_here_documents(text: str, expected: list[tuple[str, int]]) -> None:
    first, *rest = read_dockerfile(text)
    assert [tuple(each) for each in first.heredocs] == expected
    assert [each.text for each in rest] == (["d"] if "RUN d" in text else [])


PINS = [
    pytest.param("ARG V=1.2\nFROM --platform=$BUILDPLATFORM base:${V} AS b\nFROM b\n", [("V", "1.2", 1), ("base", "${V}", 2)], id="an argument before the first stage, a platform, a stage on a stage"),
    pytest.param("FROM \\\n  --platform=linux/amd64 \\\n  base:3\n", [("base", "3", 3)], id="an image on a line of its own"),
    pytest.param("FROM host:5000/base@sha256:ab\n", [("host:5000/base", "sha256:ab", 1)], id="a digest, and a port that is no tag"),
    pytest.param("ENV A_VERSION 1.0 \nENV B_VERSION=2 C=x\n", [("A_VERSION", "1.0", 1), ("B_VERSION", "2", 2)], id="both forms of ENV"),
    pytest.param("ARG A_VERSION=1.0 \\\n  # note\n  B_VERSION='2'\n", [("A_VERSION", "1.0", 1), ("B_VERSION", "2", 3)], id="arguments on continued lines"),
    pytest.param("RUN --mount=type=cache,target=/x pip install \\\n  # note\n  a==1 \\\n  b==2\n", [("a", "==1", 3), ("b", "==2", 4)], id="packages on continued lines"),
    pytest.param("RUN <<EOF\nset -e\npip install a==1\nEOF\n", [("a", "==1", 3)], id="packages of a script"),
    pytest.param("RUN bash <<EOF\npip install a==1\nEOF\n", [("a", "==1", 2)], id="packages of a script for bash"),
    pytest.param("RUN python3 <<EOF\npip install a==1\nEOF\n", [], id="what another program is given"),
    pytest.param("COPY <<EOF /x\nFROM a:1\nRUN pip install b==1\nEOF\n", [], id="a file that is written"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PINS)
def test_pins(text: str, expected: list[tuple[str, str, int]]) -> None:
    found = parse_dockerfile(text, RepoPath("docker/Dockerfile"))
    assert [(pin.name, pin.version, pin.line) for pin in found] == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("docker/Dockerfile", True, id="the name"),
        pytest.param("docker/dockerfile", True, id="in small letters"),
        pytest.param("docker/Dockerfile.rocm_base", True, id="a platform behind a dot"),
        pytest.param("docker/Dockerfile-cpu", True, id="a platform behind a hyphen"),
        pytest.param("docker/cpu.Dockerfile", True, id="a platform in front"),
        pytest.param("Containerfile", True, id="podman's name"),
        pytest.param("docker/Dockerfile.dockerignore", False, id="what is ignored beside it"),
        pytest.param("docs/dockerfile.md", False, id="a page about them"),
        pytest.param("tools/dockerfile_graph.py", False, id="a program about them"),
        pytest.param("docker/Dockerfiles/a", False, id="a folder of that name"),
    ],
)
def test_name(path: str, *, expected: bool) -> None:
    assert is_dockerfile(path) is expected
