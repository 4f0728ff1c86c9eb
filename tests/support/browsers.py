"""Firefox and WebKit, driven with nothing but the standard library.

Firefox speaks Marionette on a socket, which is WebDriver's commands as JSON with their length before
them; WebKitGTK's driver speaks WebDriver over HTTP. Both are Debian's own programs: `.ci/run`
installs them, and where one is missing its tests are skipped.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.request import Request, urlopen

from support.waiting import PATIENCE, wait_until

PROMISE = "const done = arguments[arguments.length - 1]; (async () => {%s})().then(done, (e) => done(`${e}`));"


class Speaker(Protocol):
    def send(self, command: str, values: Mapping[str, Any]) -> Any: ...


class Browser:
    """A window of a browser."""

    def __init__(self, speaker: Speaker):
        self._speaker = speaker
        speaker.send(
            "SetTimeouts", {"script": int(1000 * PATIENCE), "pageLoad": int(1000 * PATIENCE)}
        )

    def open(self, address: str, width: int = 1280, height: int = 900) -> None:
        self._speaker.send("SetWindowRect", {"width": width, "height": height})
        self._speaker.send("Navigate", {"url": address})

    def run(self, script: str) -> Any:
        """What the body of an asynchronous function returns, or the words of what it throws."""
        return self._speaker.send("ExecuteAsyncScript", {"script": PROMISE % script, "args": []})

    def screenshot(self) -> bytes:
        return base64.b64decode(self._speaker.send("TakeScreenshot", {}))


def find_firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


def find_webkit() -> Path | None:
    """WebKitGTK's own small browser, if it, its driver and a screen for it are installed."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    programs = shutil.which("WebKitWebDriver") and shutil.which("xvfb-run")
    return found[-1] if found and programs else None


PREFERENCES = {
    "marionette.port": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.server": "",
    "ui.prefersReducedMotion": 1,
}


@contextmanager
def firefox() -> Iterator[Browser]:
    program = find_firefox()
    assert program is not None
    with TemporaryDirectory() as home:
        profile = Path(home, "profile")
        profile.mkdir()
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items())
        (profile / "user.js").write_text("".join(lines))
        command = [program, "--marionette", "--headless", "--no-remote", "--profile", str(profile)]
        with started(command, {"HOME": home, "MOZ_CRASHREPORTER_DISABLE": "1"}) as process:
            port = profile / "MarionetteActivePort"
            wait(lambda: port.is_file() and port.read_text().strip() != "", process)
            with Marionette(int(port.read_text())) as speaker:
                yield Browser(speaker)


class Marionette:
    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._count = 0

    def __enter__(self) -> Marionette:
        self._receive()  # who it is
        self.send("NewSession", {"capabilities": {"alwaysMatch": {}}})
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, command: str, values: Mapping[str, Any]) -> Any:
        self._count += 1
        data = json.dumps([0, self._count, f"WebDriver:{command}", values]).encode()
        self._socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self._receive()
        assert error is None, error
        return result["value"] if set(result) == {"value"} else result

    def _receive(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self._read(1)
        return json.loads(self._read(int(size[:-1])))

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            assert piece, "Firefox has ended"
            data += piece
        return data


@contextmanager
def webkit() -> Iterator[Browser]:
    program = find_webkit()
    assert program is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["xvfb-run", "--auto-servernum", "WebKitWebDriver", f"--port={port}"]
    with TemporaryDirectory() as home:
        own = {"HOME": home, "LIBGL_ALWAYS_SOFTWARE": "1", "WEBKIT_DISABLE_DMABUF_RENDERER": "1"}
        with started(command, own) as process:
            wait(lambda: is_open(port), process)
            with WebDriver(port, program) as speaker:
                yield Browser(speaker)


class WebDriver:
    PATHS: Mapping[str, str] = {
        "SetTimeouts": "timeouts", "SetWindowRect": "window/rect", "Navigate": "url",
        "ExecuteAsyncScript": "execute/async",
    }  # fmt: skip

    def __init__(self, port: int, program: Path):
        self._root = f"http://127.0.0.1:{port}/session"
        options = {"binary": str(program), "args": ["--automation"]}
        self._wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}

    def __enter__(self) -> WebDriver:
        session = self._ask("POST", self._root, {"capabilities": self._wanted})
        self._root += f"/{session['sessionId']}"
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._ask("DELETE", self._root)

    def send(self, command: str, values: Mapping[str, Any]) -> Any:
        if command == "TakeScreenshot":
            return self._ask("GET", f"{self._root}/screenshot")
        return self._ask("POST", f"{self._root}/{self.PATHS[command]}", values)

    def _ask(self, method: str, address: str, values: Mapping[str, Any] | None = None) -> Any:
        data = json.dumps(values).encode() if values is not None else None
        request = Request(address, data, {"Content-Type": "application/json"}, method=method)
        with urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]


@contextmanager
def started(command: list[str], own: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program, and whatever it starts, until the end."""
    process = subprocess.Popen(
        command, env={**os.environ, **own}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(true: Any, process: subprocess.Popen[bytes]) -> None:
    wait_until(
        lambda: process.poll() is not None or true(), lambda: f"{process.args} does not begin"
    )
    assert process.poll() is None, f"{process.args} has ended"


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
