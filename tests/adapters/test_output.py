"""The writer: regular files are replaced whole and through links, everything else is opened and written, and nothing is lost on the way."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diffscope.adapters import output
from diffscope.adapters.output import (
    GrowingFile,
    append_file,
    check_output,
    make_folder,
    replacing,
    write_file,
    write_new_file,
    write_own_file,
)
from diffscope.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A device node of our own that swallows everything, as /dev/null does: breaking it breaks nothing else."""
    node = tmp_path / "null"
    try:
        os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        node.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"no device can be made or opened here: {error.strerror}")
    return node


@pytest.fixture
def pipe(tmp_path: Path) -> tuple[Path, Callable[[], bytes]]:
    """A named pipe, and what its reader has got once the writer has closed it."""
    path, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()

    def read() -> bytes:
        reader.join(timeout=20)
        return b"".join(got)

    return path, read


def left_over(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.name.startswith(".diffscope-")]


def grow(path: Path, data: bytes) -> None:
    with GrowingFile(path) as file:
        file.add(data)


WRITERS = [
    pytest.param(write_file, id="whole"),
    pytest.param(append_file, id="appended"),
    pytest.param(grow, id="as it grows"),
]


@pytest.mark.parametrize("write", WRITERS)
def test_a_new_file_has_the_mode_that_the_umask_leaves(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert ((tmp_path / "a").read_bytes(), stat.S_IMODE((tmp_path / "a").stat().st_mode)) == (b"new", 0o640)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"the old one, longer")
    file.chmod(mode)
    before = file.stat().st_ino
    write_file(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", mode)
    assert file.stat().st_ino != before, "it was written over, not replaced"
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(
    "is_there", [pytest.param(True, id="a link"), pytest.param(False, id="a dangling link")]
)
@pytest.mark.parametrize("write", WRITERS)
def test_the_target_of_links_is_written_and_the_links_stay(
    tmp_path: Path, write: Callable[[Path, bytes], None], *, is_there: bool
) -> None:
    """A link to a link, one absolute and one relative, into another folder."""
    (tmp_path / "deep").mkdir()
    target = tmp_path / "deep" / "target"
    if is_there:
        target.write_bytes(b"")
    (tmp_path / "deep" / "second").symlink_to("target")
    (tmp_path / "first").symlink_to(tmp_path / "deep" / "second")
    write(tmp_path / "first", b"new")
    assert (tmp_path / "first").is_symlink()
    assert (tmp_path / "deep" / "second").is_symlink()
    assert (target.is_symlink(), target.read_bytes()) == (False, b"new")


@pytest.mark.parametrize("write", WRITERS)
def test_a_device_stays_a_device(device: Path, tmp_path: Path, write: Callable[[Path, bytes], None]) -> None:
    (tmp_path / "link").symlink_to(device)
    for path in (device, tmp_path / "link"):
        check_output(path)
        write(path, b"swallowed")
        assert stat.S_ISCHR(device.lstat().st_mode)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("write", WRITERS)
def test_a_pipe_is_written_and_stays(
    pipe: tuple[Path, Callable[[], bytes]], write: Callable[[Path, bytes], None]
) -> None:
    path, read = pipe
    write(path, b"x" * 200_000)
    assert (len(read()), stat.S_ISFIFO(path.stat().st_mode)) == (200_000, True)


def test_parts_of_a_growing_file_reach_one_reader(pipe: tuple[Path, Callable[[], bytes]]) -> None:
    """The pipe stays open in between: a reader takes a close for the end."""
    path, read = pipe
    with GrowingFile(path) as file:
        file.add(b"one")
        file.add(b" two")
    assert read() == b"one two"


def test_a_growing_file_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")
    growing = GrowingFile(file)
    growing.add(b"1")
    growing.add(b"2")
    assert file.read_bytes() == b"12"


@pytest.mark.parametrize("write", WRITERS)
def test_a_descriptor_is_written_where_it_stands(
    tmp_path: Path, write: Callable[[Path, bytes], None]
) -> None:
    """`json:/dev/stdout >> log` adds to the log; opened anew, or replaced, what is in it would be lost."""
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    (tmp_path / "link").symlink_to(f"/dev/fd/{descriptor}")
    try:
        for path in (Path(f"/dev/fd/{descriptor}"), Path(f"/proc/self/fd/{descriptor}"), tmp_path / "link"):
            write(path, b"more\n")
    finally:
        os.close(descriptor)
    assert log.read_bytes() == b"before\nmore\nmore\nmore\n"


def test_stdout_by_its_name_is_stdout(tmp_path: Path) -> None:
    """In the order in which things were written, also what Python still holds."""
    script = (
        "import sys; from pathlib import Path; from diffscope.adapters.output import write_file\n"
        "sys.stdout.write('1'); write_file(Path('/dev/stdout'), b'2'); sys.stdout.write('3')"
    )
    log = tmp_path / "log"
    with log.open("wb") as stream:
        subprocess.run([sys.executable, "-c", script], stdout=stream, check=True, cwd=ROOT)
    assert log.read_bytes() == b"123"


def loop(folder: Path) -> Path:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return folder / "a"


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "out"


def link_into_nothing(folder: Path) -> Path:
    (folder / "link").symlink_to("none/out")
    return folder / "link"


def folder_by_a_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder)
    return folder / "link"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(lambda folder: folder, errno.EISDIR, id="a folder"),
        pytest.param(folder_by_a_link, errno.EISDIR, id="a link to a folder"),
        pytest.param(lambda folder: folder / "none" / "out", errno.ENOENT, id="no such folder"),
        pytest.param(link_into_nothing, errno.ENOENT, id="a link into a folder that is not there"),
        pytest.param(below_a_file, errno.ENOTDIR, id="a file where a folder should be"),
        pytest.param(loop, errno.ELOOP, id="links in a circle"),
        pytest.param(lambda folder: folder / ("x" * 300), errno.ENAMETOOLONG, id="a name too long"),
        pytest.param(lambda _: Path("/dev/fd/987"), errno.EBADF, id="a descriptor that is not open"),
    ],
)
@pytest.mark.parametrize("write", WRITERS)
def test_what_cannot_be_written_is_told_with_a_hint(
    tmp_path: Path, write: Callable[[Path, bytes], None], make: Callable[[Path], Path], reason: int
) -> None:
    path = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError) as told:
        write(path, b"x")
    assert told.value.message == f"cannot write the result: {os.strerror(reason)}"
    assert (told.value.at, bool(told.value.hint)) == (str(path), True)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda folder: folder, id="a folder"),
        pytest.param(lambda folder: folder / "none" / "out", id="no such folder"),
        pytest.param(link_into_nothing, id="a link into a folder that is not there"),
        pytest.param(below_a_file, id="a file where a folder should be"),
        pytest.param(loop, id="links in a circle"),
        pytest.param(lambda _: Path("/dev/fd/987"), id="a descriptor that is not open"),
    ],
)
def test_what_cannot_be_written_is_known_before(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(UsageError, match="cannot write the result"):
        check_output(make(tmp_path))


def test_what_can_be_written_passes_the_check_and_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to("new")
    for name in ("old", "new", "pipe", "dangling"):
        check_output(tmp_path / name)
    assert (tmp_path / "old").read_bytes() == b"old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dangling", "old", "pipe"]


def test_a_reader_that_closes_early_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    def read_little() -> None:
        with (tmp_path / "pipe").open("rb") as stream:
            stream.read(1)

    threading.Thread(target=read_little, daemon=True).start()
    with pytest.raises(UsageError, match="Broken pipe") as told:
        write_file(tmp_path / "pipe", b"x" * 1_000_000)
    assert told.value.hint == "its reader closed it: keep the reader open to the end"


def test_a_pipe_that_nobody_reads_is_no_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_READER_SECONDS", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError) as told:
        write_file(tmp_path / "pipe", b"x")
    assert told.value.hint == "nobody reads it: start the reader first"


FULL = """
import resource, signal, sys
from pathlib import Path
from diffscope.adapters.output import append_file, write_file
from diffscope.errors import UsageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_file(Path(sys.argv[1]), b"x" * 5000)
except UsageError as error:
    print(error.message)
"""


def test_a_file_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    """A full disk, as far as one can be had without filling it: no file may grow beyond 1,000 bytes."""
    (tmp_path / "a").write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == f"cannot write the result: {os.strerror(errno.EFBIG)}\n"
    assert ((tmp_path / "a").read_bytes(), left_over(tmp_path)) == (b"old", [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_device_that_is_full_is_told() -> None:
    with pytest.raises(UsageError, match="No space left on device"):
        write_file(Path("/dev/full"), b"x")


def test_an_error_in_between_leaves_the_old_file_and_stays_itself(tmp_path: Path) -> None:
    """Also when it is an OSError of something else: it was not the file that could not be written."""
    (tmp_path / "a").write_bytes(b"old")
    for error in (ValueError("no"), PermissionError("git"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as raised:
            _break_off(tmp_path / "a", error)
        assert raised.value is error
        assert ((tmp_path / "a").read_bytes(), left_over(tmp_path)) == (b"old", [])


def _break_off(file: Path, error: BaseException) -> None:
    with replacing(file) as write:
        write(b"half")
        raise error


def as_nobody(work: str, folder: Path) -> str:
    """Run Python code as somebody to whom permissions mean something."""
    script = (
        "import os; from pathlib import Path; from diffscope.adapters.output import *\n"
        "from diffscope.errors import UsageError\n"
        # Not before: the interpreter may lie where nobody else may look.
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"folder = Path({str(folder)!r})\n"
        f"try:\n    {work}\nexcept UsageError as error:\n    print(error.message, '|', error.hint)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that others reach, though pytest's own are private."""
    folder = tmp_path / "shared"
    folder.mkdir()
    opened = [each for each in tmp_path.parents if each != Path("/") and not each.stat().st_mode & 0o001]
    for each in (tmp_path, *opened):
        each.chmod(each.stat().st_mode | 0o011)
    yield folder
    folder.chmod(0o755)


def test_a_read_only_folder_is_told(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    told = "cannot write the result: Permission denied | name a file in a folder that you may write to\n"
    assert as_nobody("write_file(folder / 'a', b'x')", open_folder) == told
    assert as_nobody("check_output(folder / 'a')", open_folder) == told


def test_a_read_only_file_is_not_replaced_though_its_folder_would_allow_it(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    (open_folder / "a").write_bytes(b"old")
    (open_folder / "a").chmod(0o444)
    assert "Permission denied" in as_nobody("write_file(folder / 'a', b'x')", open_folder)
    assert (open_folder / "a").read_bytes() == b"old"


def test_a_file_that_may_be_written_in_a_folder_that_may_not_is_written_over(open_folder: Path) -> None:
    """Nothing can be put beside it: there is no other way."""
    (open_folder / "a").write_bytes(b"the old one, longer")
    (open_folder / "a").chmod(0o666)
    open_folder.chmod(0o555)
    assert as_nobody("write_file(folder / 'a', b'new')", open_folder) == ""
    assert (open_folder / "a").read_bytes() == b"new"


def test_a_new_file_takes_nobodys_place(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("target")
    write_new_file(tmp_path / "a", b"1")
    for name in ("a", "dangling"):
        with pytest.raises(FileExistsError):
            write_new_file(tmp_path / name, b"2")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "dangling"]
    assert (tmp_path / "a").read_bytes() == b"1"


def test_in_a_folder_of_strangers_nothing_but_a_regular_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("victim")
    os.mkfifo(tmp_path / "pipe")
    write_own_file(tmp_path / "a", b"1")
    write_own_file(tmp_path / "a", b"2")
    assert (tmp_path / "a").read_bytes() == b"2"
    for name in ("link", "pipe"):
        with pytest.raises(UsageError, match="not a regular file"):
            write_own_file(tmp_path / name, b"x")
    assert not (tmp_path / "victim").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="cannot write the charts: "):
        make_folder(tmp_path / "file" / "b", what="the charts")


def test_a_disk_is_refused(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 250))
    except OSError as error:
        pytest.skip(f"no device can be made here: {error.strerror}")
    with pytest.raises(UsageError, match="it is a disk"):
        write_file(tmp_path / "disk", b"x")
