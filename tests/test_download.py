"""Corpora from the web: servers that lie, drip, send on, and never end."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from escriba.corpora import download
from escriba.corpora.corpus import read_corpus
from escriba.ground import project
from escriba.ground.errors import CorpusError, Place, SourceError
from escriba.ground.schema import read
from escriba.records.recipe import Recipe, read_recipe

TEXT = "".join(f"Línea {n}: el veloz murciélago hindú.\n" for n in range(100)).encode()
SHA256 = hashlib.sha256(TEXT).hexdigest()
BY_HAND = "; download it yourself into a folder and name the folder in ESCRIBA_CORPORA"

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says. `ended` is set when the test is over: until then a slow one waits."""

    answers: dict[str, Answer]
    ended: threading.Event
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # who asked has gone away
            self.answers[self.path](self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def begin(self, code: int = 200, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    handler = type("Own", (Handler,), {"answers": {}, "ended": threading.Event()})
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        handler.ended.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> project.Project:
    monkeypatch.delenv("ESCRIBA_CORPORA", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "escriba.yml").write_text("title: test\n")
    return project.load(tmp_path)


def fetch(site: project.Project, url: str, sha256: str = SHA256) -> int:
    """How many bytes a recipe with that address finds."""
    recipe = site.models / "m" / "recipe.yml"
    recipe.write_text(f"corpus:\n  sources:\n    - url: {url}\n      sha256: {sha256}\n")
    return read_corpus(read_recipe(site.models, "m", site.root).corpus, site).bytes


def refusal(site: project.Project, url: str, sha256: str = SHA256) -> str:
    """What is said of an address, without its place and the address itself."""
    with pytest.raises(CorpusError) as caught:
        fetch(site, url, sha256)
    folder = site.cache / "corpora"
    assert not folder.exists() or list(folder.iterdir()) == []  # nothing, whole or half, is left
    place = "models/m/recipe.yml:3:7: "
    assert str(caught.value).startswith(place)
    return str(caught.value).removeprefix(place).replace(url, "URL")


def answer_with(server: Server, path: str = "/book.txt") -> Callable[[Answer], Answer]:
    def keep(answer: Answer) -> Answer:
        server.RequestHandlerClass.answers[path] = answer  # type: ignore[attr-defined]
        return answer

    return keep


def send_text(request: Handler) -> None:
    request.begin(Content_Length=str(len(TEXT)))
    request.wfile.write(TEXT)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_text_is_fetched_also_where_a_server_sends_one_on(
    site: project.Project, server: Server, code: int
) -> None:
    answer_with(server)(send_text)
    answer_with(server, "/old")(lambda r: r.begin(code, Location="/book.txt", Content_Length="0"))
    assert fetch(site, server.url("/old")) == len(TEXT)
    assert [p.name for p in (site.cache / "corpora").iterdir()] == [SHA256]


def test_a_text_may_come_in_pieces_of_unknown_number(site: project.Project, server: Server) -> None:
    @answer_with(server)
    def send(request: Handler) -> None:
        request.begin(Transfer_Encoding="chunked")
        for at in range(0, len(TEXT), 100):
            piece = TEXT[at : at + 100]
            request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        request.wfile.write(b"0\r\n\r\n")

    assert fetch(site, server.url("/book.txt")) == len(TEXT)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,secret", "gopher://127.0.0.1/",
     "javascript:alert(1)", "//127.0.0.1/x", "jar:file:///x"],
)  # fmt: skip
def test_a_server_sends_on_within_the_web_only(
    site: project.Project, server: Server, address: str
) -> None:
    answer_with(server)(lambda r: r.begin(302, Location=address, Content_Length="0"))
    found = refusal(site, server.url("/book.txt"))
    if address.startswith("//"):
        assert found.startswith("URL cannot be fetched: [Errno")
    else:
        assert found.endswith((
            f"URL cannot be fetched: it sends on to {address}, which is not of the web{BY_HAND}",
            f"URL cannot be fetched: 302 Found - Redirection to url '{address}' is not allowed{BY_HAND}",
        ))  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "FILE:///etc/passwd", "ftp://example.org/x", "data:text/plain,x",
     "/etc/passwd", "example.org/x", "http://", "http:///x", "http://[x]/", "http://[::1/",
     "http://x:port/", "http://x:99999/", "'http://x/ a'", '"http://x/\\ta"', "''",
     "local_file:/etc/passwd", "url:file:///etc/passwd", '"http://x/\\u202e"'],
)  # fmt: skip
def test_an_address_that_is_not_of_the_web_is_a_mistake_of_the_recipe(url: str) -> None:
    url = url if url[0] in "'\"" else f"'{url}'"
    text = f"corpus: {{sources: [{{url: {url}, sha256: {SHA256}}}]}}"
    with pytest.raises(SourceError) as caught:
        read(Recipe, text, Place(Path("recipe.yml"), 1))
    (problem,) = caught.value.problems
    assert str(problem.place) == "recipe.yml:1:20"
    assert problem.message.startswith("'url' must be like https://example.org/book.txt, not '")


def test_a_circle_ends(site: project.Project, server: Server) -> None:
    answer_with(server)(lambda r: r.begin(302, Location="/book.txt", Content_Length="0"))
    found = refusal(site, server.url("/book.txt"))
    assert found.startswith("URL cannot be fetched: 302 The HTTP server returned a redirect error")
    assert "\n" not in found


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429, 500, 503])
def test_a_refusal_is_told(site: project.Project, server: Server, code: int) -> None:
    def send(request: Handler) -> None:
        request.send_response(code, "No\tway")
        request.end_headers()
        request.wfile.write(b"x" * 1000)

    answer_with(server)(send)
    url = server.url("/book.txt")
    assert refusal(site, url) == f"URL cannot be fetched: {code} No way{BY_HAND}"


def test_another_text_is_refused(site: project.Project, server: Server) -> None:
    answer_with(server)(send_text)
    found = refusal(site, server.url("/book.txt"), "0" * 64)
    assert found == f"URL has the sha256 {SHA256}, and the recipe names {'0' * 64}"


def test_a_text_that_is_cut_short_is_not_called_another(
    site: project.Project, server: Server
) -> None:
    @answer_with(server)
    def send(request: Handler) -> None:
        request.begin(Content_Length=str(len(TEXT)))
        request.wfile.write(TEXT[:1000])

    assert refusal(site, server.url("/book.txt")) == (
        f"URL cannot be fetched: it was cut short, at 1000 of {len(TEXT)} bytes{BY_HAND}"
    )


TOO_LARGE = "URL cannot be fetched: it is larger than 1 MB, the most that is fetched" + BY_HAND


def test_a_text_that_is_too_large_is_not_even_begun(
    site: project.Project, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LARGEST", 1 << 20)
    answer_with(server)(lambda r: r.begin(Content_Length=str(1 << 50)))
    assert refusal(site, server.url("/book.txt")) == TOO_LARGE


@pytest.mark.parametrize("chunked", [True, False])
def test_a_text_without_end_ends(
    site: project.Project, server: Server, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr(download, "LARGEST", 1 << 20)

    @answer_with(server)
    def send(request: Handler) -> None:
        request.begin(**({"Transfer_Encoding": "chunked"} if chunked else {}))
        while not request.ended.is_set():
            piece = b"x" * 10_000
            request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)

    assert refusal(site, server.url("/book.txt")) == TOO_LARGE


def test_what_stands_beside_an_address_is_not_read(site: project.Project, server: Server) -> None:
    answer_with(server)(send_text)

    @answer_with(server, "/old")
    def send(request: Handler) -> None:
        request.begin(302, Location="/book.txt")
        while not request.ended.is_set():
            request.wfile.write(b"x" * 10_000)

    assert fetch(site, server.url("/old")) == len(TEXT)


def drip_body(request: Handler) -> None:
    request.begin(Content_Length=str(len(TEXT)))
    for byte in TEXT:
        if request.ended.wait(0.02):
            return
        request.wfile.write(bytes([byte]))


def drip_head(request: Handler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not request.ended.wait(0.02):
        request.wfile.write(b"x")


def say_nothing(request: Handler) -> None:
    request.ended.wait()


def promise(request: Handler) -> None:
    """Says 'go on' for ever."""
    while not request.ended.wait(0.001):
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("answer", [drip_body, drip_head, say_nothing, promise])
def test_a_server_that_takes_for_ever_is_left(
    site: project.Project, server: Server, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.5)
    monkeypatch.setattr(download, "SLOWEST", 10**9)
    answer_with(server)(answer)
    found = refusal(site, server.url("/book.txt"))
    assert found.startswith("URL cannot be fetched: too slow: ")
    assert found.endswith(f" seconds{BY_HAND}")


def test_a_silent_server_is_left(
    site: project.Project, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "SILENCE", 0.2)
    answer_with(server)(say_nothing)
    assert refusal(site, server.url("/book.txt")) == f"URL cannot be fetched: timed out{BY_HAND}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "Remote end closed connection without response"),
        (b"\0" * 100, "\0" * 20),
        (b"HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 abc"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200, "got more than 100 headers"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, "got more than 65536 bytes when reading header line"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "it was cut short, at 0 bytes"),
        (b"HTTP/1.1 302 x\r\nLocation: http://[\r\n\r\n", "Invalid IPv6 URL"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(
    site: project.Project, server: Server, data: bytes, reason: str
) -> None:
    answer_with(server)(lambda r: r.wfile.write(data) and None)
    found = refusal(site, server.url("/book.txt"))
    assert found.startswith("URL cannot be fetched: ")
    assert found.endswith(BY_HAND)
    assert "\n" not in found


def test_a_length_that_is_none_is_not_believed(site: project.Project, server: Server) -> None:
    @answer_with(server)
    def send(request: Handler) -> None:
        request.begin(Content_Length="-5")
        request.wfile.write(TEXT)

    assert fetch(site, server.url("/book.txt")) == len(TEXT)


def test_nobody_there(site: project.Project) -> None:
    with Server(("127.0.0.1", 0), Handler) as server:
        url = server.url("/x")
    found = refusal(site, url)
    assert (
        found == f"URL cannot be fetched: [Errno {errno.ECONNREFUSED}] Connection refused{BY_HAND}"
    )


def test_a_full_disk_is_not_the_servers(
    site: project.Project, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(server)(send_text)

    def fail(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CorpusError) as caught:
        fetch(site, server.url("/book.txt"))
    assert str(caught.value) == (
        f".escriba/corpora/{SHA256}: cannot be written: No space left on device"
    )
    assert list((site.cache / "corpora").iterdir()) == []


def test_a_cache_that_leads_elsewhere_is_not_used(
    site: project.Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answer_with(server)(send_text)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    site.cache.mkdir()
    (site.cache / "corpora").symlink_to(elsewhere)
    with pytest.raises(CorpusError, match=r"^\.escriba/corpora: this leads to .*, outside the "):
        fetch(site, server.url("/book.txt"))
    assert list(elsewhere.iterdir()) == []
