"""The description of the service for programs, by OpenAPI 3.1."""

import re
from typing import Any

import newsmoe
from newsmoe.record import Record
from newsmoe.serve.bodies import FORMATS
from newsmoe.serve.service import Service

REF = "#/components/schemas/{model}"

_PROBLEM = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}
_ROUTED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "headline", "route"],
        "properties": {
            "id": {"type": ["string", "integer", "null"]},
            "headline": {"type": ["string", "null"]},
            "route": {"type": "array", "items": {"type": "object"}},
        },
    },
}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
_ARTICLES = {
    "description": "An article, a list, or any document that holds some; also JSON Lines, CSV, a feed or an HTML page.",
    "type": ["object", "array"],
}
_PROBLEMS = {
    400: "The request cannot be done as it is; the message says why.",
    401: "The token is missing or wrong.",
    403: "Without a token only this machine is served.",
    404: "There is no such file, or no article in the body.",
    408: "The body did not arrive in time.",
    413: "The body, or the number of its articles, is over the limit.",
    415: "The body is packed or binary, or a form.",
    503: "Too much is waiting, or the service is starting or ending; `Retry-After` says when to try again.",
}
_TASKS = "Tasks to run, separated by commas, such as `sentiment,genre`; default: the server's."
_GATE = "Which gate decides: auto, rules, or the server's; default: the server's."
_ITEMS = "Where the articles are in a JSON document, such as `response.docs`; default: where they are found."
_NAME = ({"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},)
_HTML = {"text/html": {"schema": {"type": "string"}}}
_PLAIN = {"text/plain": {"schema": {"type": "string"}}}


def document(service: Service) -> dict[str, Any]:
    """Return the description, as JSON holds it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "newsmoe",
            "version": newsmoe.__version__,
            "description": "Summary, sentiment and topic for every article, by a mixture of small expert models.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            **_posts(service),
            "/v1/experts": _get("experts", "List the experts", _json(_OBJECTS)),
            "/v1/schema": _get("schema", "Return the JSON Schemas of articles, records and run reports", _json()),
            "/v1/records": _get("records", "List the files of records that the service shows", _json(_OBJECTS)),
            "/v1/records/{name}": _get("recordsPage", "Make a page of a file of records", _HTML, _NAME, 400, 404),
            "/metrics": _get("metrics", "Return figures for Prometheus", _PLAIN),
            "/healthz": _open("health", "Tell that the process is there", {}),
            "/readyz": _open("readiness", "Tell whether articles are analyzed now", _problems(503)),
        },
        "components": {
            "schemas": {**_record(), **_record_as_read(), "Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _posts(service: Service) -> dict[str, Any]:
    """Return what can be posted."""
    limits = service.limits
    size = f"At most {limits.body_bytes:,} bytes and {limits.articles:,} articles."
    task = "|".join(map(re.escape, service.tasks))
    query = [
        _query("tasks", _TASKS, {"pattern": f"^({task})(,({task}))*$"}),
        _query("gate", _GATE, {"enum": list(service.gates)}),
        _query("items", _ITEMS, {}),
    ]
    records = {"type": "array", "items": _ref("Record")}
    content = {**_json(_ARTICLES), **dict.fromkeys(FORMATS, {"schema": {"type": "string"}})}
    articles = {"parameters": query, "requestBody": {"required": True, "content": content}}
    analyze = _post(
        "analyze",
        "Analyze articles",
        "The response has a record for each article, in order, as `newsmoe analyze` writes them; the header"
        " `Newsmoe-Notices` says what was guessed or left out. With `Accept: application/x-ndjson` records come as"
        f" they are ready, a line each. {size}",
        articles,
        {**_json(records), "application/x-ndjson": {"schema": {"type": "string"}}},
    )
    about = f"No expert is loaded. {size}"
    route = _post("route", "Tell which experts would read articles, and why", about, articles, _json(_ROUTED))
    about = "The body is what `/v1/analyze` returned; the page is what `newsmoe report` makes."
    read = {"type": "array", "items": _ref("ReadRecord")}
    body = {"requestBody": {"required": True, "content": _json(read)}}
    return {
        "/v1/analyze": analyze,
        "/v1/route": route,
        "/v1/report": _post("report", "Make a page of records", about, body, _HTML),
    }


def _post(
    operation: str, summary: str, description: str, request: dict[str, Any], content: dict[str, Any]
) -> dict[str, Any]:
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "description": description,
            **request,
            "responses": {
                "200": {"description": "As asked.", "content": content},
                **_problems(400, 401, 403, 404, 408, 413, 415, 503),
            },
        }
    }


def _get(
    operation: str, summary: str, content: dict[str, Any], parameters: tuple[Any, ...] = (), *problems: int
) -> dict[str, Any]:
    responses = {"200": {"description": "As asked.", "content": content}, **_problems(401, 403, *problems)}
    return {
        "get": {"operationId": operation, "summary": summary, "parameters": list(parameters), "responses": responses}
    }


def _open(operation: str, summary: str, problems: dict[str, Any]) -> dict[str, Any]:
    """Return what anybody may get."""
    operations = _get(operation, summary, _json())
    responses = {"200": operations["get"]["responses"]["200"], **problems}
    return {"get": {**operations["get"], "responses": responses, "security": []}}


def _record() -> dict[str, Any]:
    """Return the schema of a record, and those that it refers to, by name."""
    record = Record.model_json_schema(mode="serialization", ref_template=REF)
    return {**record.pop("$defs"), "Record": record}


def _record_as_read() -> dict[str, Any]:
    """Return the schema of a record that is sent, in which some values may be missing."""
    record = Record.model_json_schema(ref_template=REF.format(model="Read{model}"))
    return {**{f"Read{name}": schema for name, schema in record.pop("$defs").items()}, "ReadRecord": record}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(model=name)}


def _query(name: str, text: str, values: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "string", **values}
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema}


def _json(schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"application/json": {"schema": schema or {"type": "object"}}}


def _problems(*statuses: int) -> dict[str, Any]:
    return {
        str(status): {"description": _PROBLEMS[status], "content": _json(_ref("Problem"))}
        for status in sorted(statuses)
    }
