"""The server: its socket, and how it ends."""

import asyncio
import logging
import signal
import socket
from math import inf
from time import monotonic
from types import FrameType

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from newsmoe.errors import ConfigError
from newsmoe.serve.service import Service

_logger = logging.getLogger(__name__)

GRACE = 2.0  # seconds that a server which SIGTERM drains still accepts connections, to say that it is not ready
UNREAD = 20  # seconds that clients have, when all is computed or refused, to read their responses
KEEP_ALIVE = 75  # seconds; more than the 60 of most proxies, which otherwise use a connection that is closing
HEAD_SECONDS = 30.0  # in which the head of a request must have arrived
MAX_CONNECTIONS = 500  # half of the files that a process may mostly have open


class Connection(H11Protocol):
    """A connection, which is closed where a head takes too long to arrive, or where there are too many others.

    Uvicorn would wait for a head for ever, and nobody could connect any more once all connections wait for one.
    """

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take in what has arrived."""
        super().data_received(data)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End to wait."""
        super().connection_lost(exc)
        self._end_wait()

    def _wait_for_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._end_wait()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Server(uvicorn.Server):
    """Serves until a first SIGTERM or SIGINT, then what it has begun; a second signal ends it at once.

    Unless it is told otherwise, it has ended before the 90 seconds are over after which systemd would kill it.
    """

    def __init__(self, app: Starlette, service: Service) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            http=Connection,
            ws="none",
            lifespan="on",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=UNREAD,
        )
        super().__init__(config)
        self.service = service
        self._end_after = self._end_before = inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking on work; on a second signal stop at once."""
        if self.service.draining:
            self.force_exit = True
            logging.getLogger("uvicorn.error").disabled = True  # it would show how what is broken off ended
            self._loop.call_soon_threadsafe(self._abort)
            return super().handle_exit(sig, frame)
        self.service.draining = True
        self._captured_signals.append(sig)
        self._end_after = monotonic() + (GRACE if sig == signal.SIGTERM else 0.0)
        self._end_before = monotonic() + self.service.limits.drain_seconds
        self._loop.call_soon_threadsafe(self._say_what_is_left)
        return None

    def _say_what_is_left(self) -> None:
        if tokens := self.service.queue.tokens:
            _logger.info(
                "ending: %s tokens are waiting to be read first, for %g s at most; a second signal ends at once",
                f"{tokens:,}",
                self.service.limits.drain_seconds,
            )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def _abort(self) -> None:
        """Close all connections, for which Python 3.12 would wait."""
        for connection in list(self.server_state.connections):
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop listening: a while after a signal, when nothing waits, or nothing may any more."""
        now = monotonic()
        if now >= self._end_before:
            if refused := self.service.queue.refuse():
                _logger.warning("requests refused that would take longer: %d", refused)
            return True
        return await super().on_tick(counter) or (now >= self._end_after and self.service.queue.tokens == 0)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ConfigError: the address is not of this machine, or the port is taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address, family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(f"{host}:{port}: cannot listen: {error.strerror or error}; try another --port") from None
