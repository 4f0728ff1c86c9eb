"""Archives and compressed texts, as strangers make them: bombs, strange names, bytes out of place."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from escriba.corpora import archives
from escriba.corpora.archives import list_documents
from escriba.ground.errors import CorpusError

SHOWN = Path("texts/x")
TEXT = "".join(f"Línea {n}: el veloz murciélago hindú.\n" for n in range(60)).encode()
BOMB = (
    "texts/x{member}: unpacks to more than 200 times its size, as no text does; if it is one, "
    "unpack it first"
)
DAMAGED = "texts/x{member}: damaged or cut short; fetch it or make it again"


def read(path: Path) -> dict[str, bytes]:
    """All that is in a file, by the names it is shown under; a length that is told is right."""
    found = {}
    for document in list_documents(path, SHOWN):
        found[document.shown.as_posix()] = b"".join(document.blocks())
    return found


def refusal(path: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        read(path)
    return str(caught.value)


def pack(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return file.getvalue()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a megabyte were much."""
    monkeypatch.setattr(archives, "SMALL", 1 << 20)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("pack_it", [gzip.compress, bz2.compress, lzma.compress])
def test_a_text_that_unpacks_to_too_much_is_refused_before_it_has(
    tmp_path: Path,
    pack_it,  # type: ignore[no-untyped-def]
) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack_it(bytes(64 << 20)))
    assert path.stat().st_size < 100_000
    (document,) = list_documents(path, SHOWN)
    told = 0
    with pytest.raises(CorpusError) as caught:
        for block in document.blocks():
            told += len(block)
    assert str(caught.value) == BOMB.format(member="")
    assert told <= max(1 << 20, 200 * path.stat().st_size)
    with pytest.raises(CorpusError):
        document.size()


@pytest.mark.usefixtures("small")
def test_a_zip_that_unpacks_to_too_much_is_refused_by_its_list(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack({"a.txt": bytes(8 << 20)}))
    assert refusal(path) == BOMB.format(member="")
    path.write_bytes(pack({f"{n}.txt": bytes(100_000) for n in range(100)}))
    assert refusal(path) == BOMB.format(member="")


def overlapping(members: int, size: int) -> bytes:
    """An archive whose members are all the same bytes (after D. Fifield, A better zip bomb, 2019)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(bytes(size)) + packer.flush()
    crc = zlib.crc32(bytes(size))
    local = struct.pack("<4s5HIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), size, 1, 0) + b"a"
    directory = b"".join(
        struct.pack(
            "<4s6H3I5HII", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(data), size, 6, 0, 0, 0, 0, 0, 0
        )
        + f"{n:06}".encode()
        for n in range(members)
    )
    start = len(local) + len(data)
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, members & 0xFFFF, members & 0xFFFF, len(directory), start, 0
    )
    return local + data + directory + end


def test_members_that_are_the_same_bytes_count_each(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(overlapping(2000, 1 << 20))
    assert path.stat().st_size < 200_000
    assert refusal(path) == BOMB.format(member="")


def test_there_are_only_so_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(overlapping(3000, 1))
    monkeypatch.setattr(archives, "MEMBERS", 2999)
    message = "texts/x: has more than 2,999 members; unpack it first"
    assert refusal(path) == message
    monkeypatch.setattr(archives, "MEMBERS", 3000)
    assert len(list_documents(path, SHOWN)) == 3000
    monkeypatch.setattr(archives, "DIRECTORY", 100_000)
    assert refusal(path) == message.replace("2,999", "3,000")


def test_a_list_that_is_longer_than_the_file_takes_no_memory(tmp_path: Path) -> None:
    data = bytearray(pack({"a.txt": TEXT}))
    struct.pack_into("<I", data, len(data) - 10, 0xFFFFFFF0)
    path = tmp_path / "x"
    path.write_bytes(data)
    tracemalloc.start()
    assert refusal(path) in (
        DAMAGED.format(member=""),
        BOMB,
        "texts/x: has more than 100,000 members; unpack it first",
    )
    assert tracemalloc.get_traced_memory()[1] < 5 << 20
    tracemalloc.stop()


def test_many_members_are_read_in_time_proportional_to_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    original = zipfile.ZipFile.__init__

    def count(self, *given, **named):  # type: ignore[no-untyped-def]
        opened.append(1)
        original(self, *given, **named)

    path = tmp_path / "x"
    path.write_bytes(pack({f"{n}.txt": b"text" for n in range(50)}))
    monkeypatch.setattr(zipfile.ZipFile, "__init__", count)
    assert len(read(path)) == 50
    assert len(opened) == 1  # its list is read once, not once for each member


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/etc/passwd", "texts/x/etc/passwd"),
        ("a\x1b[2Jb.txt", "texts/x/a\\x1b[2Jb.txt"),
        ("a\nb.txt", "texts/x/a\\x0ab.txt"),
        ("ñandú.txt", "texts/x/ñandú.txt"),
        ("n" * 5000, "texts/x/" + "n" * 200),
        ("C:\\windows\\x.txt", "texts/x/C:\\windows\\x.txt"),
    ],
)  # fmt: skip
def test_names_of_members_are_only_names(tmp_path: Path, name: str, shown: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack({name: TEXT}))
    assert read(path) == {shown: TEXT}
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_members_that_would_lie_above_their_archive_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack({"../../etc/passwd": TEXT, "a/../../b": TEXT}))
    assert refusal(path) == "texts/x: the archive holds no file"


def test_two_members_of_one_name_are_one(tmp_path: Path) -> None:
    path = tmp_path / "x"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.txt", b"second")
    path.write_bytes(file.getvalue())
    assert read(path) == {"texts/x/a.txt": b"second"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # A name that says it is UTF-8, and is not.
        (lambda d: d.replace(b"a.txt", b"\xff.txt").replace(b"\x14\0\0\0\x08\0", b"\x14\0\0\x08\x08\0"), DAMAGED),
        (lambda d: flag(d, 0x1), "texts/x: the archive is encrypted; unpack it first"),
        (lambda d: flag(d, 0x41), "texts/x: the archive is encrypted; unpack it first"),
        (lambda d: method(d, 99), "texts/x/a.txt: compressed in a way that this Python cannot read; unpack it first"),
        (lambda d: method(d, 1), "texts/x/a.txt: compressed in a way that this Python cannot read; unpack it first"),
        (lambda d: method(d, 12), "texts/x/a.txt: damaged or cut short; fetch it or make it again"),
        (lambda d: method(d, 14), "texts/x/a.txt: compressed in a way that this Python cannot read; unpack it first"),
        (lambda d: d[:-30], DAMAGED),
        (lambda d: d[:40], DAMAGED),
        (lambda d: field(d, 42, 0xFFFFFF), "texts/x/a.txt: damaged or cut short; fetch it or make it again"),
        (lambda d: field(d, 24, 0xFFFFFFFF), BOMB),
        (lambda d: field(d, 24, 7), "texts/x/a.txt: damaged or cut short; fetch it or make it again"),
        (lambda d: field(d, 16, 7), "texts/x/a.txt: damaged or cut short; fetch it or make it again"),
    ],
)  # fmt: skip
def test_zips_with_something_odd(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x"
    path.write_bytes(change(pack({"a.txt": TEXT})))
    assert refusal(path) == message.format(member="")


def field(data: bytes, offset: int, value: int) -> bytes:
    """Another number of four bytes in what the archive's list says of its member."""
    at = data.index(b"PK\1\2") + offset
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def flag(data: bytes, value: int) -> bytes:
    at = data.index(b"PK\1\2") + 8
    return data[:at] + struct.pack("<H", value) + data[at + 2 :]


def method(data: bytes, value: int) -> bytes:
    at = data.index(b"PK\1\2") + 10
    return data[:at] + struct.pack("<H", value) + data[at + 2 :]


def test_an_archive_in_an_archive_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x"
    inner = pack({"a.txt": TEXT})
    path.write_bytes(pack({"inner.zip": inner}))
    assert read(path) == {"texts/x/inner.zip": inner}  # which is not UTF-8, and then said to be not


@pytest.mark.parametrize("wanted", [512 << 20, (4 << 30) - 1])
def test_what_wants_too_much_memory_to_be_unpacked_is_refused(tmp_path: Path, wanted: int) -> None:
    path = tmp_path / "x"
    data = bytearray(lzma.compress(TEXT, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]))
    bits = next(b for b in range(41) if (2 | (b & 1)) << (b // 2 + 11) >= wanted or b == 40)
    data[16] = bits  # the size of the dictionary, in the header of the block
    struct.pack_into("<I", data, 20, zlib.crc32(data[12:20]))
    path.write_bytes(data)
    assert refusal(path) == DAMAGED.format(member="")


def test_several_streams_and_what_follows_them(tmp_path: Path) -> None:
    path = tmp_path / "x"
    one, two = lzma.compress(TEXT[:1000]), lzma.compress(TEXT[1000:])
    for data in (one + two, one + bytes(8) + two + bytes(12), one + two + b"something else"):
        path.write_bytes(data)
        assert read(path) == {"texts/x": TEXT}
    path.write_bytes(one + two[:-20])
    assert refusal(path) == DAMAGED.format(member="")


@pytest.mark.parametrize("seed", range(40))
def test_bytes_that_were_changed_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    packed = [
        pack({"a.txt": TEXT, "b/c.txt": TEXT[:100]}, method)
        for method in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
            zipfile.ZIP_BZIP2,
            zipfile.ZIP_LZMA,
        )
    ] + [gzip.compress(TEXT), bz2.compress(TEXT), lzma.compress(TEXT)]
    path = tmp_path / "x"
    for data in packed:
        changed = bytearray(data)
        for _ in range(draw.choice([1, 1, 2, 5, 30])):
            at = draw.randrange(len(changed))
            changed[at] = draw.choice([0, 0xFF, 0x80, changed[at] ^ 1 << draw.randrange(8)])
        if draw.random() < 0.2:
            del changed[draw.randrange(len(changed)) :]
        path.write_bytes(changed)
        try:
            read(path)
        except CorpusError as error:
            assert str(error).startswith("texts/x")
