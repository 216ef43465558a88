"""A model hub on this machine: it serves folders as the one of Hugging Face serves repositories.

Real clients download from it, with `HF_ENDPOINT` set to its address. It differs from the real one in that
it has no Xet storage and sends large files itself, where the real one redirects to a CDN.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

RESOLVE = re.compile(r"/(?P<name>[^/]+(?:/[^/]+)?)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
API = re.compile(
    r"/api/models/(?P<name>[^/]+(?:/[^/]+)??)"
    r"(?:/(?P<part>auth-check|revision|tree)(?:/(?P<revision>[^/]+)(?:/(?P<path>.+))?)?)?"
)
LARGE = (".safetensors", ".bin")
"""What the hub keeps as LFS files, whatever their size."""

COURTESIES = ("/api/agent-harnesses",)
"""What `huggingface_hub` requests at most once a day and home: neither counted nor refused."""


@dataclass(frozen=True)
class Blob:
    """A file's content and what the hub says about it."""

    content: bytes
    large: bool

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        """What git holds in the place of a large file."""
        version = "version https://git-lfs.github.com/spec/v1"
        return f"{version}\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()

    @cached_property
    def git_id(self) -> str:
        stored = self.pointer if self.large else self.content
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client where a large file's content is, and its hash."""
        if not self.large:
            return {"ETag": f'"{self.git_id}"'}
        linked = {"X-Linked-Etag": f'"{self.sha256}"', "X-Linked-Size": str(len(self.content))}
        return {"ETag": f'"{self.sha256}"', **linked}


Tree = dict[str, Blob]


@dataclass
class Repository:
    """The commits of a repository by their hashes, and its branches."""

    gated: bool = False
    commits: dict[str, Tree] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """Something that goes wrong the next few times; `after` are bytes or seconds."""

    times: int
    after: int
    on: str = ""

    def due(self) -> bool:
        """Count one time down; say whether there was one left."""
        self.times -= 1
        return self.times >= 0


@dataclass(frozen=True)
class Response:
    """What is sent; `cut_after` so many bytes of the body the connection is closed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    cut_after: int | None = None


class Refusal(Exception):
    """The hub's way to say no, by which clients choose their exceptions."""

    def __init__(self, status: int, code: str, message: str, commit: str | None = None) -> None:
        super().__init__(message)
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        self.response = _json({"error": message}, status, headers if commit is None else _of(commit, headers))


class Hub:
    """A hub that runs within a `with` block.

    `requests` are all that came, as methods and paths; `ranges` are the parts of files that were requested,
    as their paths and the values of the headers; `garbage` is sent instead of an answer.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.ranges: list[tuple[str, str]] = []
        self._repositories: dict[str, Repository] = {}
        self._tokens: set[str] = set()
        self._cuts: dict[tuple[str, str], Fault] = {}
        self._corrupt: set[tuple[str, str]] = set()
        self._headers: dict[str, str] = {}
        self.garbage: bytes | None = None
        self._busy = Fault(times=0, after=0)
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """The address, for `HF_ENDPOINT`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """Return the environment of a process that uses this hub only and stores its files in `home`."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        online = {"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0"}
        direct = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
        return {**inherited, "HF_ENDPOINT": self.url, "HF_HOME": str(home), **online, **direct, **more}

    def add(self, name: str, folder: Path, *, gated: bool = False, branch: str = "main") -> str:
        """Serve a folder's files as the newest commit of a branch; return its hash, made of the contents.

        Earlier commits of the repository stay.
        """
        tree = {
            path.relative_to(folder).as_posix(): Blob(path.read_bytes(), path.name.endswith(LARGE))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        listing = "\n".join(f"{blob.git_id} {path}" for path, blob in tree.items())
        commit = hashlib.sha1(f"{name}\n{listing}".encode()).hexdigest()
        with self._lock:
            repository = self._repositories.setdefault(name, Repository())
            repository.gated = gated
            repository.commits[commit] = tree
            repository.branches[branch] = commit
        return commit

    def allow(self, token: str) -> None:
        """Let those with this token download from gated repositories."""
        self._tokens.add(token)

    def cut(self, name: str, path: str, *, after: int, times: int = 1) -> None:
        """Close the connection after so many bytes, the next few times that the file or a part is sent."""
        self._cuts[name, path] = Fault(times, after)

    def busy(self, *, times: int, retry_after: int = 1, on: str = "") -> None:
        """Refuse the next few requests, of those that have `on` in their paths, for there are too many."""
        self._busy = Fault(times, retry_after, on)

    def corrupt(self, name: str, path: str) -> None:
        """Send the file with a bit changed in its middle, from now on."""
        self._corrupt.add((name, path))

    def forge(self, **headers: str) -> None:
        """Send these headers with every file, from now on."""
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._cuts.clear()
        self._corrupt.clear()
        self._busy = Fault(times=0, after=0)

    def response(self, method: str, target: str, headers: Message) -> Response:
        """Return what is to be sent on a request."""
        url = urlsplit(target)
        if url.path in COURTESIES:
            return _json({"standardEnvVars": [], "harnesses": {}})
        with self._lock:
            self.requests.append((method, unquote(url.path)))
            try:
                if self._busy.on in url.path and self._busy.due():
                    return _json({"error": "Too many"}, 429, {"Retry-After": str(self._busy.after)})
                if self.garbage is not None:
                    return Response(200, {"Content-Type": "application/json"}, self.garbage)
                if match := API.fullmatch(url.path):
                    return self._metadata(_parts(match), parse_qs(url.query), headers)
                if match := RESOLVE.fullmatch(url.path):
                    return self._file(method, _parts(match), headers)
            except Refusal as refusal:
                return refusal.response
        return _json({"error": "Sorry, we can't find the page you are looking for."}, 404)

    def _metadata(self, parts: dict[str, str], query: dict[str, list[str]], headers: Message) -> Response:
        """Return the metadata of a repository, also of a gated one, as the real hub does."""
        if parts["part"] == "auth-check":
            self._refuse_if_gated(parts["name"], headers)
            return _json({})
        commit, tree = self._commit(parts["name"], parts["revision"])
        if parts["part"] == "tree":
            recursive = query.get("recursive") == ["true"]
            return _json(_listing(tree, parts["path"], recursive), 200, _of(commit))
        gated = "auto" if self._repositories[parts["name"]].gated else False
        blobs = query.get("blobs") == ["true"]
        return _json(_info(parts["name"], commit, tree, gated, blobs))

    def _file(self, method: str, parts: dict[str, str], headers: Message) -> Response:
        name, path = parts["name"], parts["path"]
        self._refuse_if_gated(name, headers)
        commit, tree = self._commit(name, parts["revision"])
        if path not in tree:
            raise Refusal(404, "EntryNotFound", "Entry not found", commit)
        blob = tree[path]
        described = {**_of(commit, {**blob.headers(), "Accept-Ranges": "bytes"}), **self._headers}
        body = _with_changed_bit(blob.content) if (name, path) in self._corrupt else blob.content
        if method == "HEAD":
            return Response(200, described, body)
        cut = self._cuts.get((name, path))
        cut_after = cut.after if cut is not None and cut.due() else None
        if wanted := headers.get("Range"):
            self.ranges.append((path, wanted))
            return _part(body, wanted, described, cut_after)
        return Response(200, described, body, cut_after)

    def _commit(self, name: str, revision: str) -> tuple[str, Tree]:
        repository = self._repository(name)
        commit = repository.branches.get(revision or "main", revision)
        if commit not in repository.commits:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit, repository.commits[commit]

    def _repository(self, name: str) -> Repository:
        if name not in self._repositories:
            raise Refusal(404, "RepoNotFound", "Repository not found")
        return self._repositories[name]

    def _refuse_if_gated(self, name: str, headers: Message) -> None:
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if not self._repository(name).gated or token in self._tokens:
            return
        restricted = f"Access to model {name} is restricted"
        if token:
            raise Refusal(403, "GatedRepo", f"{restricted} and you are not in the authorized list.")
        raise Refusal(401, "GatedRepo", f"{restricted}. You must have access to it and be authenticated.")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the responses under way

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        response = self._head()
        self.wfile.write(response.body[: response.cut_after])

    def do_HEAD(self) -> None:
        self._head()

    def _head(self) -> Response:
        response = self.server.hub.response(self.command, self.path, self.headers)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        return response

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what came is in `Hub.requests`."""


def _parts(match: re.Match[str]) -> dict[str, str]:
    return {name: unquote(value or "") for name, value in match.groupdict().items()}


def _of(commit: str, headers: Mapping[str, str] | None = None) -> dict[str, str]:
    return {"X-Repo-Commit": commit, **(headers or {})}


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode())


def _info(name: str, commit: str, tree: Tree, gated: str | bool, blobs: bool) -> dict[str, Any]:
    siblings: list[dict[str, Any]] = [{"rfilename": path} for path in tree]
    if blobs:
        for sibling, blob in zip(siblings, tree.values(), strict=True):
            sibling |= {"size": len(blob.content), "blobId": blob.git_id}
            if blob.large:
                sibling["lfs"] = _large(blob, "sha256")
    return {
        "id": name,
        "author": name.split("/")[0],
        "sha": commit,
        "lastModified": "2025-01-01T00:00:00.000Z",
        "private": False,
        "gated": gated,
        "disabled": False,
        "tags": ["transformers"],
        "siblings": siblings,
    }


def _large(blob: Blob, hash_name: str) -> dict[str, Any]:
    return {hash_name: blob.sha256, "size": len(blob.content), "pointerSize": len(blob.pointer)}


def _listing(tree: Tree, folder: str, recursive: bool) -> list[dict[str, Any]]:
    """List what lies in a folder of the repository; the folders in it too."""
    start = f"{folder}/" if folder else ""
    inner = {path: blob for path, blob in tree.items() if path.startswith(start)}
    if not inner:
        raise Refusal(404, "EntryNotFound", f"{folder} does not exist")
    above = {parent.as_posix() for path in inner for parent in PurePosixPath(path).parents}
    folders = sorted(path for path in above if path.startswith(start) and path not in ("", "."))
    entries: list[dict[str, Any]] = [
        {"type": "directory", "oid": hashlib.sha1(path.encode()).hexdigest(), "size": 0, "path": path}
        for path in folders
    ]
    for path, blob in inner.items():
        entry = {"type": "file", "oid": blob.git_id, "size": len(blob.content), "path": path}
        entries.append({**entry, "lfs": _large(blob, "oid")} if blob.large else entry)
    return [entry for entry in entries if recursive or "/" not in entry["path"].removeprefix(start)]


def _part(body: bytes, wanted: str, headers: dict[str, str], cut_after: int | None) -> Response:
    """Respond to a request for one range of bytes."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
    start, stop = (int(match[1]), int(match[2] or len(body) - 1)) if match else (len(body), 0)
    if start >= len(body):
        return Response(416, {"Content-Range": f"bytes */{len(body)}"})
    part = body[start : stop + 1]
    span = f"bytes {start}-{start + len(part) - 1}/{len(body)}"
    return Response(206, {**headers, "Content-Range": span}, part, cut_after)


def _with_changed_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
