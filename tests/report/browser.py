"""A real browser for tests and benchmarks: Chromium, driven over HTTP by its chromedriver, with no package for it."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of elements in the WebDriver protocol
WITHIN_THE_BROWSER = ("chrome:", "data:image/svg+xml;base64,")  # its own pages, and icons of its date fields
SECONDS = 300  # that a command may take, on a machine with much else to do
KEYS = {"enter": "\ue007", "tab": "\ue004", "right": "\ue014", "space": " "}


def programs() -> tuple[str, str] | None:
    """Return Chromium and its driver; None where either is not installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return (chromium, driver) if chromium and driver else None


class Browser:
    """One window of Chromium."""

    def __init__(self, address: str, session: str) -> None:
        self.base = f"{address}/session/{session}"

    def call(self, method: str, path: str, **body: Any) -> Any:
        return request(method, self.base + path, body)

    def open(self, url: str) -> None:
        self.call("POST", "/url", url=url)

    def wait(self, condition: str, seconds: float = 20) -> None:
        """Wait until an expression in JavaScript is true."""
        deadline = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < deadline, f"still not so: {condition}"
            time.sleep(0.05)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.call("POST", "/execute/sync", script=script, args=list(arguments))

    def find(self, selector: str) -> dict[str, str]:
        element: dict[str, str] = self.call("POST", "/element", using="css selector", value=selector)
        return element

    def click(self, selector: str) -> None:
        element = self.find(selector)
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        self.call("POST", f"/element/{element[ELEMENT]}/click")

    def type(self, selector: str, text: str) -> None:
        self.call("POST", f"/element/{self.find(selector)[ELEMENT]}/value", text=text)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        actions = [{"type": kind, "value": KEYS[key]} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def back(self) -> None:
        self.call("POST", "/back")

    def resize(self, width: int, height: int) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def dark(self, wanted: bool) -> None:
        value = "dark" if wanted else "light"
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def command(self, name: str, **parameters: Any) -> Any:
        """Run a command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", cmd=name, params=parameters)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def console(self) -> list[str]:
        """Return what was said on the console since the last call."""
        return [entry["message"] for entry in self.call("POST", "/se/log", type="browser")]

    def requests(self) -> list[str]:
        """Return the URLs that were requested since the last call."""
        messages = [
            json.loads(entry["message"])["message"] for entry in self.call("POST", "/se/log", type="performance")
        ]
        sent = (message for message in messages if message["method"] == "Network.requestWillBeSent")
        return [message["params"]["request"]["url"] for message in sent]


def request(method: str, url: str, body: dict[str, Any]) -> Any:
    data = None if method in ("GET", "DELETE") else json.dumps(body).encode()
    call = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(call, timeout=SECONDS) as response:
            return json.load(response)["value"]
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError(f"{method} {url}: {error.read().decode()[:2000]}") from None


@contextmanager
def browser(*, javascript: bool = True) -> Iterator[Browser]:
    """Yield a browser that is closed when the block ends."""
    chromium_and_driver = programs()
    assert chromium_and_driver is not None
    chromium, driver = chromium_and_driver
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    preferences = {} if javascript else {"profile.managed_default_content_settings.javascript": 2}
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = {"binary": chromium, "args": [*ARGUMENTS, f"--user-data-dir={profile}"], "prefs": preferences}
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"script": 1000 * SECONDS},
        }
        process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(port)
            session = request("POST", f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            try:
                yield Browser(address, session)
            finally:
                request("DELETE", f"{address}/session/{session}", {})
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "chromedriver does not start"
            time.sleep(0.05)


def start(window: Browser, page: str) -> None:
    """Open a page of `newsmoe report` anew, and forget what was said and requested before."""
    window.open("about:blank")
    window.console()
    window.requests()
    window.open(page)
    window.wait("document.documentElement.dataset.ready")
    window.run("document.documentElement.style.scrollBehavior = 'auto'")


def outside(window: Browser, page: str) -> list[str]:
    """Return the URLs that were requested besides the page."""
    return [
        url for url in window.requests() if url.partition("#")[0] != page and not url.startswith(WITHIN_THE_BROWSER)
    ]


def count(window: Browser) -> str:
    """Return what a page of `newsmoe report` says of the number of articles."""
    return str(window.run("return document.getElementById('count').textContent"))
