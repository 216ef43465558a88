"""The pages of the service: one to try it on, one that describes it; neither loads anything from elsewhere."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

import newsmoe
from newsmoe.report.page import asset, policy_hash

Page = tuple[str, str]
"""HTML, and the policy to send along with it."""


_WORDS = {"summarization": "a summary", "sentiment": "a sentiment", "topic": "a topic", "genre": "a genre"}
"""What an article gets by a task, in words."""


def start_page(tasks: Iterable[str], *, has_records: bool, needs_token: bool) -> Page:
    """Return the page on which people try the service, which runs these tasks by default.

    The pages of records that it opens have its policy too, since they are made on it; so it allows their script.
    """
    *first, last = [_WORDS.get(task, task) for task in tasks] or ["a record"]
    results = f"{', '.join(first)} and {last}" if first else last
    values = {"results": results, "has_records": has_records, "needs_token": needs_token}
    html = _render("start.html", script=Markup(_asset("start.js")), **values)
    return html, _policy(_asset("start.js"), asset("page.js"))


def api_page(document: Mapping[str, Any], host: str) -> Page:
    """Return the page that an OpenAPI document says; `host` is what the client calls the service, whatever that is."""
    return _render("docs.html", api=document, host=host), _policy()


def _render(name: str, **values: Any) -> str:
    environment = Environment(loader=PackageLoader("newsmoe.serve"), autoescape=True, trim_blocks=True)
    styles = {"report_style": Markup(asset("page.css")), "style": Markup(_asset("start.css"))}
    return environment.get_template(name).render(version=newsmoe.__version__, **styles, **values)


def _policy(*scripts: str) -> str:
    """Return a policy under which these scripts and our styles apply, and nothing is loaded but what they ask for."""
    styles = " ".join(map(policy_hash, (asset("page.css"), _asset("start.css"))))
    sources = f"style-src {styles}; img-src data:"
    if scripts:
        sources += f"; script-src {' '.join(map(policy_hash, scripts))}; connect-src 'self'"
    return (
        f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'"
    )


@cache
def _asset(name: str) -> str:
    return files("newsmoe.serve").joinpath("templates", name).read_text(encoding="utf-8").strip()
