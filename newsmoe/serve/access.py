"""Who may ask: whoever has the token, or without one, programs and pages of this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from newsmoe.errors import ConfigError
from newsmoe.serve.problems import Problem

MIN_TOKEN = 16  # characters
SCHEME = "bearer "


@dataclass(frozen=True)
class Access:
    """What a request must bring along.

    Without a token, a page of another site that is open in a browser on this machine is kept out: it names itself as
    `Origin`, or where a name of its own has been made to stand for this machine, as `Host`.
    """

    token: str = ""

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise a `Problem` for a request that may not be done."""
        if self.token:
            sent = headers.get("authorization", "")
            is_bearer = sent[: len(SCHEME)].lower() == SCHEME
            if not (is_bearer and compare_digest(sent[len(SCHEME) :].strip().encode(), self.token.encode())):
                message = "this service needs its token; send it as 'Authorization: Bearer TOKEN'"
                raise Problem(401, "Unauthorized", message, {"WWW-Authenticate": "Bearer"})
            return
        host = headers.get("host", "")
        if not is_loopback(_name(f"//{host}")):
            raise Problem(403, "ForeignHost", "without a token only 'localhost' and its addresses are served")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise Problem(403, "ForeignOrigin", "pages of other sites are not served")


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address stands for this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path | None, variable: str) -> str:
    """Return the token in a file, else in an environment variable, else nothing.

    Raises:
        ConfigError: it is too short, or no line of ASCII characters.
    """
    where = str(path) if path else variable
    try:
        token = path.read_text(encoding="utf-8").strip() if path else os.environ.get(variable, "").strip()
    except UnicodeDecodeError:
        token = " "
    except OSError as error:
        raise ConfigError(f"{where}: the token cannot be read: {error.strerror}") from None
    if not token and path is None:
        return ""
    if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{where}: a token has at least {MIN_TOKEN} letters, digits or signs, and no space")
    return token


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
