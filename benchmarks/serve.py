"""How long does it take from saving a post to its page in the browser, with a thousand posts?

    python benchmarks/serve.py [--posts N] [--saves N]

`escriba serve` shows a blog of generated posts (support/articles.py). A post is saved with another
sentence, by a new file that takes its place, as many editors do; the time ends when the event has
come that reloads pages and the page, asked for then, has the sentence. Prints the median, and the
least and the most. One save with a new sample is one revision: the number of events after it is
told, too.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.articles import name_file, name_post, write_posts

ROOT = Path(__file__).parents[1]
SETTINGS = "title: A blog\nurl: https://example.org\npermalink: /posts/:title/\n"
MODEL = "models/quijote"
SAMPLE = "\n```escriba sample\nmodel: {model}\nlength: 20\nseed: 77\n```\n"
QUIET = 1.5  # seconds without an event, after which no more is expected


def find_port() -> int:
    """One that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listen(port: int) -> http.client.HTTPResponse:
    """The events of the server, the first of which has come."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/.escriba/events")
    response = connection.getresponse()
    _next(response)
    return response


def _next(response: http.client.HTTPResponse) -> str:
    while True:
        line = response.readline().decode()
        if line.startswith("data:"):
            return line
        if not line:
            sys.exit("the server has ended")


def fetch(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def save(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)


def time_saves(port: int, path: Path, address: str, number: int) -> list[float]:
    events, text, found = listen(port), path.read_text("utf-8"), []
    for revision in range(number):
        sentence = f"Of this sentence there is revision {revision}."
        started = time.perf_counter()
        save(path, f"{text}\n{sentence}\n")
        _next(events)
        while sentence not in fetch(port, address):
            _next(events)
        found.append(time.perf_counter() - started)
        time.sleep(0.3)
    return found


def count_revisions(port: int, path: Path, block: str) -> int:
    """How many events follow a save with a new sample."""
    events = listen(port)
    save(path, path.read_text("utf-8") + block)
    _next(events)
    number = 1
    assert events.fp is not None
    events.fp.raw._sock.settimeout(QUIET)  # type: ignore[attr-defined]
    try:
        while True:
            _next(events)
            number += 1
    except TimeoutError:
        return number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--saves", type=int, default=20)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="serve-"))
    blog = folder / "blog"
    write_posts(blog / "posts", options.posts, 1)
    (blog / "escriba.yml").write_text(SETTINGS)
    model = next(path.parent for path in sorted(ROOT.glob("models/*/weights.safetensors")))
    shutil.copytree(model, blog / "models" / model.name, ignore=shutil.ignore_patterns("samples"))
    (folder / "caches").mkdir(mode=0o700)
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "caches"), "LANGUAGE": "en"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "escriba", "serve", "--port", str(find_port())],
        cwd=blog, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        port = 0
        while not port:
            line = server.stdout.readline()
            if not line:
                sys.exit("the server has ended")
            port = int(match[1]) if (match := re.search(r"127\.0\.0\.1:(\d+)", line)) else 0
        number = options.posts // 2
        path = blog / "posts" / name_file(number, options.posts)
        address = f"/posts/{name_post(number)}/"
        while "<article" not in fetch(port, address):  # the first one is on its way
            time.sleep(0.2)
        found = time_saves(port, path, address, options.saves)
        print(f"{options.posts} posts, {options.saves} saves: median "
              f"{statistics.median(found) * 1000:.0f} ms, {min(found) * 1000:.0f} to "
              f"{max(found) * 1000:.0f}")  # fmt: skip
        revisions = count_revisions(port, path, SAMPLE.format(model=model.name))
        print(f"revisions after a save with a new sample: {revisions}")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
