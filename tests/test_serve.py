"""The server for writers: drafts, mistakes over the last good site, reloads, this machine only."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from escriba.ground.errors import SourceError
from escriba.site.output.contents import read
from escriba.site.serve import EVENTS, Revision, find, inject, matters, open_server
from support.blogs import make_site, tree
from support.serving import get, hear, serving
from support.waiting import wait_until


def test_pages_as_a_server_of_files_gives_them_and_nothing_else(tmp_path: Path) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        assert get(server, "/cuaderno/")[0] == 500, "nothing is rendered yet"
        before = tree(server.builder.project.root)
        server.builder.rebuild()
        for path, kind in (
            ("/cuaderno/", "text/html; charset=utf-8"),
            ("/cuaderno/2020/redes/", "text/html; charset=utf-8"),
            ("/cuaderno/2020/redes/?x=1", "text/html; charset=utf-8"),
            ("/cuaderno/drafts/idea/", "text/html; charset=utf-8"),
            ("/cuaderno/2020/oculto/", "text/html; charset=utf-8"),
            ("/cuaderno/img/curva.svg", "image/svg+xml; charset=utf-8"),
        ):
            status, _, headers = get(server, path)
            assert (status, headers["Content-Type"]) == (200, kind), path
        for path, goal in (
            ("/", "/cuaderno/"),
            ("/cuaderno", "/cuaderno/"),
            ("/cuaderno/2020/redes", "/cuaderno/2020/redes/"),
        ):
            status, _, headers = get(server, path)
            assert (status, headers["Location"]) == (302, goal), path
        for path in (
            "/escriba.yml",
            "/cuaderno/escriba.yml",
            "/cuaderno/../escriba.yml",
            "/cuaderno/%2e%2e/escriba.yml",
            "/cuaderno/..%2f..%2f..%2f..%2fetc/passwd",
            "/cuaderno//etc/passwd",
            "/cuaderno/.escriba/manifest",
        ):
            status, body, _ = get(server, path)
            assert status == 404, path
            assert "Página no encontrada" in body
        status, body, headers = get(server, "/cuaderno/", "HEAD")
        assert (status, body) == (200, "")
        after = tree(server.builder.project.root)
        frozen = {name for name in after.keys() - before.keys() if "/samples/" in name}
        assert after.keys() - before.keys() == frozen, "only samples are written"


def test_only_this_machine_is_answered(tmp_path: Path) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        server.builder.rebuild()
        assert get(server, "/cuaderno/", Host="example.org")[0] == 403
        assert get(server, "/cuaderno/", Host="localhost:4000")[0] == 200
    for host in ("0.0.0.0", "example.org", ""):
        with pytest.raises(SourceError) as caught:
            open_server(server.builder.project, host, 0, drafts=True)
        assert str(caught.value) == (
            "'serve' is for this machine only, so its host is one of 127.0.0.1, localhost, "
            f"not '{host}'; publish the folder 'site' instead"
        )


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        port = server.server_port
        with pytest.raises(SourceError) as caught:
            open_server(server.builder.project, "127.0.0.1", port, drafts=True)
    assert str(caught.value) == (
        f"cannot listen on port {port}: Address already in use; choose another with --port"
    )


def test_a_mistake_is_shown_over_the_last_good_site(tmp_path: Path) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        builder = server.builder
        good = builder.rebuild()
        post = builder.project.posts / "2020-11-02-networks.md"
        text = post.read_text()
        post.write_text(text.replace("lang: en", "lang: <en>"))
        bad = builder.rebuild()
        assert bad.problems == (
            "posts/2020-11-02-networks.md:5:7: 'lang' must be a language such as es or pt-BR, "
            "not '<en>'",
        )
        assert bad.files is good.files
        status, body, _ = get(server, "/cuaderno/2020/networks/")
        assert status == 200
        assert "1 mistake.</strong> This is the site as it was before." in body
        assert "posts/2020-11-02-networks.md:5:7" in body
        assert "&lt;en&gt;" in body
        post.write_text(text)
        assert builder.rebuild().stamp == good.stamp
        assert "mistake" not in get(server, "/cuaderno/2020/networks/")[1]


def test_mistakes_before_there_is_any_site(tmp_path: Path) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        (server.builder.project.root / "escriba.yml").write_text("titel: x\nlatest: 0\n")
        server.builder.rebuild()
        status, body, _ = get(server, "/cuaderno/")
        assert status == 500
        assert "2 mistakes.</strong><ul" in body
        assert EVENTS in body, "it reloads once it is mended"


def test_an_open_page_hears_of_a_change_and_of_nothing_else(tmp_path: Path) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        first = server.builder.rebuild()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        connection.request("GET", EVENTS)
        stream = connection.getresponse()
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert hear(stream) == f"data: {first.stamp}\n".encode()
        assert stream.readline() == b"\n"
        assert server.builder.rebuild().stamp == first.stamp
        post = server.builder.project.posts / "2020-11-02-networks.md"
        post.write_text(post.read_text() + "\nMore.\n")
        second = server.builder.rebuild()
        assert hear(stream) == f"data: {second.stamp}\n".encode()
        connection.close()


def test_the_script_is_in_served_pages_alone() -> None:
    page = b"<html><body><p></body> text</p></body></html>"
    revision = Revision({"index.html": page})
    served = inject(page, revision)
    assert served.count(b"<script>") == 1
    assert served.endswith(b"</script>\n</body></html>")
    assert revision.stamp.encode() in served
    assert b"<script" not in read(revision.files, "index.html")


@pytest.mark.parametrize(
    ("path", "file"),
    [("", "index.html"), ("a/", "a/index.html"), ("a", None), ("b", "b.html"), ("b/", None)],
)
def test_paths(path: str, file: str | None) -> None:
    assert find(path, {"index.html": b"", "a/index.html": b"", "b.html": b""}) == file


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("posts/a.md", True),
        ("posts/.a.md.swp", False),
        ("posts/a.md~", False),
        ("escriba.yml", True),
        ("templates/assets/page.css", True),
        ("models/mini/weights.safetensors", True),
        ("_includes/a.html", True),
        ("site/index.html", False),
        (".git/index", False),
        ("node_modules/x/posts/a.md", False),
    ],
)
def test_what_is_worth_rendering_again(tmp_path: Path, path: str, wanted: bool) -> None:
    site = make_site(tmp_path / "site")
    assert matters(site, [site.root / path]) is wanted


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_the_command_reloads_and_ends_cleanly(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site")
    with serving(make_site(tmp_path / "other")) as other:
        port = other.server_port  # free again in a moment
    process = subprocess.Popen(
        [sys.executable, "-m", "escriba", "serve", "--port", str(port)],
        cwd=site.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # Whoever runs the tests in the background has them ignore SIGINT; a child would inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == (
            f"http://127.0.0.1:{port}/cuaderno/  (Ctrl-C ends it)\n"
        )
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", EVENTS)
        stream = connection.getresponse()
        seen = {hear(stream)}
        # The first revision may come after the stream; then a saved file makes another.
        post = site.posts / "2020-11-02-networks.md"
        while len(seen) < 3:
            draft = site.root / "draft"  # else the server may see half a post
            draft.write_text(post.read_text() + "\nMore.\n")
            draft.replace(post)
            seen.add(hear(stream))
        connection.close()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
        assert (output, errors, process.returncode) == ("", "", 0)
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_the_command_goes_on_when_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    """`escriba serve | head -1`, of a project whose settings have a mistake."""
    site = make_site(tmp_path / "site")
    settings = site.root / "escriba.yml"
    text = settings.read_text()
    settings.write_text(text + "titel: x\n")
    with serving(make_site(tmp_path / "other")) as other:
        port = other.server_port  # free again in a moment
    process = subprocess.Popen(
        [sys.executable, "-m", "escriba", "serve", "--port", str(port)],
        cwd=site.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip

    def read() -> str:
        assert process.poll() is None, process.stderr and process.stderr.read()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/")
        body = connection.getresponse().read().decode()
        connection.close()
        return body

    try:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == f"http://127.0.0.1:{port}/  (Ctrl-C ends it)\n"
        process.stdout.close()
        wait_until(lambda: "titel" in read())
        settings.write_text(text)
        wait_until(lambda: not read())  # then / leads to /cuaderno/
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        assert (errors, process.wait()) == ("", 0)
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def test_an_interrupted_reader_is_no_news(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(make_site(tmp_path / "site")) as server:
        for error in (BrokenPipeError(), ConnectionResetError()):
            try:
                raise error
            except ConnectionError:
                server.handle_error(None, ("127.0.0.1", 1))
        assert capsys.readouterr().err == ""
        try:
            raise ValueError("a defect")
        except ValueError:
            server.handle_error(None, ("127.0.0.1", 1))
        assert "a defect" in capsys.readouterr().err
