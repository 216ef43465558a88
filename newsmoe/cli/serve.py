"""`newsmoe serve`: one warm session behind HTTP."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from newsmoe.cli.logs import show_logs
from newsmoe.cli.options import LoadSettings, LogFormat, takes
from newsmoe.errors import ConfigError
from newsmoe.plugins import require_extra
from newsmoe.serve.limits import Limits

LIMITS_PANEL = "Limits"

_logger = logging.getLogger(__name__)


@dataclass
class LimitOptions:
    """How much the service takes on."""

    max_body: Annotated[
        int, typer.Option(min=1, help="Most bytes in a request.", metavar="N", rich_help_panel=LIMITS_PANEL)
    ] = Limits.body_bytes
    max_articles: Annotated[
        int, typer.Option(min=1, help="Most articles in a request.", metavar="N", rich_help_panel=LIMITS_PANEL)
    ] = Limits.articles
    max_queue: Annotated[
        int,
        typer.Option(
            min=1,
            help="Most tokens that may wait; beyond that, requests are refused with 503 and Retry-After.",
            metavar="N",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = Limits.queue_tokens
    drain_seconds: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds in which SIGTERM or Ctrl-C lets it finish what was begun; what still waits then is refused.",
            metavar="N",
            rich_help_panel=LIMITS_PANEL,
        ),
    ] = Limits.drain_seconds


@takes("tasks", "gate", "experts_dir", "profile", "device", "max_memory", "batch_tokens", "journal")
def serve(
    load: LoadSettings,
    limits: LimitOptions,
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that other machines can reach needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes any free one.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token that clients must send; default: the variable NEWSMOE_TOKEN.", metavar="FILE"
        ),
    ] = None,
    records: Annotated[
        Path | None,
        typer.Option(help="Also show the records in this folder, such as the OUTBOX of a watch.", metavar="DIR"),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="Messages on standard error: text, or json with one object per line.")
    ] = LogFormat.TEXT,
) -> None:
    """Serve records over HTTP: POST articles to /v1/analyze and get what 'newsmoe analyze' writes.

    Open http://HOST:PORT in a browser to try it; /docs there describes every request. SIGTERM or Ctrl-C finishes
    the requests that were accepted, within --drain-seconds; a second signal ends the process at once.

    Exit codes: 130 interrupted, 143 terminated, 1 could not run, 2 wrong usage.
    """
    require_extra("newsmoe serve", "serve", "starlette", "uvicorn", "prometheus_client")
    from newsmoe.serve.access import Access, is_loopback, read_token
    from newsmoe.serve.app import make_app
    from newsmoe.serve.reports import RecordsFolder
    from newsmoe.serve.server import Server, listen
    from newsmoe.serve.service import open_service
    from newsmoe.settings.sources import TOKEN_VARIABLE

    show_logs(quiet=False, as_json=log_format is LogFormat.JSON)
    access = Access(read_token(token_file, TOKEN_VARIABLE))
    if not access.token and not is_loopback(host):
        raise ConfigError(f"--host {host} lets other machines in; set a token with --token-file or {TOKEN_VARIABLE}")
    folder = RecordsFolder(records) if records else None
    service_limits = Limits(
        body_bytes=limits.max_body,
        articles=limits.max_articles,
        queue_tokens=limits.max_queue,
        drain_seconds=limits.drain_seconds,
    )
    with listen(host, port) as connection, open_service(load(), service_limits) as service:
        address, number, *_ = connection.getsockname()
        _logger.info("serving on http://%s:%d", f"[{address}]" if ":" in address else address, number)
        Server(make_app(service, access, folder), service).run([connection])
