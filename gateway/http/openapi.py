"""The OpenAPI 3.1 document, made from the endpoint table and the msgspec types it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.endpoints import JSON_MEDIA_TYPE, Access, Endpoint, Nothing, Upload
from gateway.http.problems import PROBLEM_MEDIA_TYPE, STATUS_OF, ProblemDetails
from seatengine.limits import MAX_ID_CHARS, MAX_IDEMPOTENCY_KEY_CHARS

OPENAPI_PATH: Final = "/api/v1/openapi.json"
API_VERSION: Final = "1.0.0"

Json = dict[str, Any]

_PARAMETER: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_REF_TEMPLATE: Final = "#/components/schemas/{name}"
_ID_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARS}
_DESCRIPTION: Final = """\
Reserved seating, live: charts, events, holds, bookings, blocks and reports.

**Who is asking.** Organizers send `Authorization: Bearer sk_...`; browsers ask for an identity with
`POST /api/v1/viewers` and send `Authorization: Viewer <token>`.

**Places** are given by index or by full label, such as `"Stalls-B-12"`, and are answered with both.
**Money** is in minor units. **Times** are RFC 3339.

**Trying again is safe.** Send an `Idempotency-Key` and a request that is repeated, after a timeout
or a 503, does its work once and is answered as it was the first time.

**Problems** are `application/problem+json` with a stable `code`; places that stand in the way are
in `places`. New codes and new fields may appear; what is here stays.
"""


def openapi(endpoints: Sequence[Endpoint]) -> Json:
    """The document for these endpoints."""
    schemas = _Schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        operations = paths.setdefault(openapi_path(endpoint.path), {})
        operations[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Seat Engine",
            "version": API_VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(e.tag for e in endpoints)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "organizer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An organizer's API key, sk_...",
                },
                "viewer": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Viewer <token>, from POST /api/v1/viewers",
                },
            },
        },
    }


def openapi_path(path: str) -> str:
    """A Starlette path as OpenAPI writes it: without converters."""
    return _PARAMETER.sub(r"{\1}", path)


def openapi_route(document: Json) -> Route:
    """Serves `document`."""
    encoded = msgspec.json.encode(document)

    async def serve(_request: object) -> Response:
        return Response(encoded, media_type=JSON_MEDIA_TYPE, headers={"Cache-Control": "no-cache"})

    return Route(OPENAPI_PATH, serve, methods=["GET"])


def problem_codes(endpoint: Endpoint) -> list[str]:
    """Every problem this endpoint may answer with: its own, and those of its kind."""
    codes = ["bad-request", "unauthorized", "too-many-requests", "store-unavailable"]
    if endpoint.access is Access.ORGANIZER:
        codes.append("forbidden")
    if endpoint.body is Upload:
        codes += ["body-too-large", "too-slow"]
    elif endpoint.body is not Nothing:
        codes += ["bad-json", "body-too-large", "too-slow", "wrong-media-type", "invalid"]
    if endpoint.idempotent:
        codes.append("idempotency-conflict")
    if "{event_id}" in endpoint.path:
        codes += ["unknown-event", "no-chart", "unavailable", "overloaded"]
    return list(dict.fromkeys([*codes, *endpoint.problems]))


class _Schemas:
    """JSON schemas of every type that the endpoints name, by the type."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        types: list[Any] = [ProblemDetails]
        for endpoint in endpoints:
            if endpoint.body not in (Nothing, Upload):
                types.append(endpoint.body)
            types += [b for a in endpoint.answers for b in a.content.values() if b is not None]
        distinct: list[Any] = []
        for wanted in types:
            if wanted not in distinct:
                distinct.append(wanted)
        made, self.components = msgspec.json.schema_components(distinct, ref_template=_REF_TEMPLATE)
        self._made = list(zip(distinct, made, strict=True))
        for schema in self.components.values():
            _tidy(schema)

    def of(self, wanted: object) -> Json:
        if wanted is None:
            return {}
        return next(schema for known, schema in self._made if known == wanted)


def _tidy(schema: Json) -> None:
    """Docstrings keep their line breaks and indentation; descriptions should not."""
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())


def _operation(endpoint: Endpoint, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": endpoint.operation,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint, schemas),
        "security": _security(endpoint.access),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.body is Upload:
        content: Json = {JSON_MEDIA_TYPE: {}, "application/octet-stream": {}}
        operation["requestBody"] = {"required": True, "content": content}
    elif endpoint.body is not Nothing:
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {JSON_MEDIA_TYPE: {"schema": schemas.of(endpoint.body)}},
        }
    return operation


def _parameters(endpoint: Endpoint) -> list[Json]:
    described = endpoint.parameters
    parameters: list[Json] = []
    for name, converter in _PARAMETER.findall(endpoint.path):
        schema = {"type": "integer", "minimum": 0} if converter == "int" else dict(_ID_SCHEMA)
        if name in endpoint.choices:
            schema = {"enum": list(endpoint.choices[name])}
        parameters.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": schema,
                "description": described.get(name, f"The {name.removesuffix('_id')}'s id"),
            }
        )
    if endpoint.query is not Nothing:
        (_,), components = msgspec.json.schema_components([endpoint.query])
        for name, schema in components[endpoint.query.__name__]["properties"].items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": False,
                    "schema": schema,
                    "description": described.get(name, ""),
                }
            )
    if endpoint.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_IDEMPOTENCY_KEY_CHARS,
                    "pattern": "^[!-~]+$",
                },
                "description": "The same key, the same answer: makes trying again safe.",
            }
        )
    return parameters


def _responses(endpoint: Endpoint, schemas: _Schemas) -> Json:
    responses: Json = {}
    for answer in endpoint.answers:
        response: Json = {"description": answer.summary}
        if answer.content:
            response["content"] = {
                media_type: {"schema": schemas.of(body)} if body is not None else {}
                for media_type, body in answer.content.items()
            }
        responses[str(answer.status)] = response
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(endpoint):
        by_status.setdefault(STATUS_OF[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": ", ".join(f"`{code}`" for code in codes),
            "content": {PROBLEM_MEDIA_TYPE: {"schema": schemas.of(ProblemDetails)}},
        }
    return responses


def _security(access: Access) -> list[Json]:
    if access is Access.ORGANIZER:
        return [{"organizer": []}]
    either: list[Json] = [{"viewer": []}, {"organizer": []}]
    return either if access is Access.HOLDER else [{}, *either]
