"""One table for routing and documentation: an Endpoint says all there is to know of an operation.

`routes` turns endpoints into Starlette routes that authenticate, read and check a request before
the handler sees it; openapi.py turns the same endpoints into the OpenAPI document.
"""

from __future__ import annotations

import asyncio
import enum
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, get_args, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.csv_answer import CSV_MEDIA_TYPE
from gateway.http.problems import Problem, from_validation
from gateway.sale.auth import Authenticator, BadCredentials, Caller, Organizer, command_id
from seatengine.ids import CommandId
from seatengine.limits import HTTP_BODY_TIMEOUT_MS, MAX_CHART_FILE_BYTES, MAX_JSON_BODY_BYTES

JSON_MEDIA_TYPE: Final = "application/json"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class Access(enum.Enum):
    """Who may call: anyone, anyone with an identity, or an organizer's API key."""

    PUBLIC = "public"
    HOLDER = "holder"
    ORGANIZER = "organizer"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No body, or no query parameters."""


class Upload:
    """A raw file body, read when the handler has room for it."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def read(self) -> bytes:
        """All of it; a Problem where it is too large or comes too slowly."""
        return await read_body(self._request, MAX_CHART_FILE_BYTES)


B = TypeVar("B")
Q = TypeVar("Q")


@dataclass(frozen=True, slots=True)
class Call(Generic[B, Q]):
    """A checked request as its handler sees it.

    `key` is the idempotency key, minted where the request has none; `key_given` tells which.
    """

    request: Request
    caller: Caller | None
    body: B
    query: Q
    key: str
    key_given: bool

    @property
    def path(self) -> Mapping[str, Any]:
        return self.request.path_params

    @property
    def identity(self) -> Caller:
        """The caller, where the endpoint's access demands one."""
        if self.caller is None:
            raise Problem("unauthorized", "Say who you are: a viewer token or an API key.")
        return self.caller

    @property
    def organizer(self) -> Organizer:
        """The caller of an endpoint for organizers only."""
        if not isinstance(self.caller, Organizer):
            raise Problem("forbidden", "This needs an organizer's API key.")
        return self.caller

    @property
    def command_id(self) -> CommandId:
        """The id of the one command this request becomes."""
        try:
            return command_id(self.identity.holder, self.key)
        except ValueError as error:
            raise Problem(
                "bad-request", f"The Idempotency-Key must be {error}.", path="Idempotency-Key"
            ) from None

    def wants_csv(self, chosen: str) -> bool:
        """Whether the answer should be CSV: by ?format=csv, else by the Accept header."""
        if chosen:
            return chosen == "csv"
        accept = self.request.headers.get("accept", "")
        return CSV_MEDIA_TYPE in accept and JSON_MEDIA_TYPE not in accept


@dataclass(frozen=True, slots=True)
class Answers:
    """A success: its status, and per media type the body's type (None: no schema, raw bytes)."""

    status: int
    summary: str
    content: Mapping[str, object]


def json_answer(status: int, summary: str, body: object) -> Answers:
    return Answers(status, summary, {JSON_MEDIA_TYPE: body})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation. What it reads is said once, by its handler: `Call[body, query]`.

    `path` is a Starlette path. `problems` are the codes it may answer with beyond those that every
    endpoint of its kind has. `idempotent` says that it honours an Idempotency-Key header, and
    `parameters` describes path and query parameters by name; `choices` are all the values that a
    path parameter can have, where they are few.
    """

    method: str
    path: str
    operation: str
    tag: str
    summary: str
    access: Access
    handle: Callable[[Call[Any, Any]], Awaitable[Response]]
    answers: Sequence[Answers]
    body_optional: bool = False
    idempotent: bool = False
    problems: Sequence[str] = ()
    description: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Any = field(init=False)
    query: Any = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.handle, include_extras=True)
        body, query = get_args(next(hint for name, hint in hints.items() if name != "return"))
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "query", query)


def routes(endpoints: Sequence[Endpoint], authenticator: Authenticator) -> list[Route]:
    """A route per path, which answers other methods itself: 405 with all that the path knows."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [
        Route(path, _dispatcher(methods, authenticator), methods=METHODS)
        for path, methods in by_path.items()
    ]


def _dispatcher(
    methods: Mapping[str, Endpoint], authenticator: Authenticator
) -> Callable[[Request], Awaitable[Response]]:
    allowed = ", ".join(sorted({*methods, "HEAD"} if "GET" in methods else methods))

    async def dispatch(request: Request) -> Response:
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            raise Problem(
                "method-not-allowed", f"This address knows {allowed}.", headers={"Allow": allowed}
            )
        caller = await _caller(request, endpoint.access, authenticator)
        given = request.headers.get("idempotency-key")
        call = Call(
            request=request,
            caller=caller,
            query=_query(request, endpoint.query),
            body=await _body(request, endpoint),
            key=given or secrets.token_urlsafe(16),
            key_given=bool(given),
        )
        return await endpoint.handle(call)

    return dispatch


async def _caller(request: Request, access: Access, authenticator: Authenticator) -> Caller | None:
    header = request.headers.get("authorization")
    challenge = {"WWW-Authenticate": "Bearer, Viewer"}
    if header is None:
        if access is Access.PUBLIC:
            return None
        who = "an organizer's API key" if access is Access.ORGANIZER else "a viewer token"
        raise Problem("unauthorized", f"This needs {who}.", headers=challenge)
    try:
        caller = await authenticator.caller(header)
    except BadCredentials as error:
        raise Problem("unauthorized", str(error), headers=challenge) from None
    if access is Access.ORGANIZER and not isinstance(caller, Organizer):
        raise Problem("forbidden", "This needs an organizer's API key, not a viewer token.")
    return caller


def _query(request: Request, query: type[Q]) -> Q:
    seen: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in seen:
            raise Problem("bad-request", f"The parameter {name!r} is given twice.", path=name)
        seen[name] = value
    try:
        return msgspec.convert(seen, query, strict=False)
    except msgspec.ValidationError as error:
        problem = from_validation(error, "bad-request")
        problem.details.path = problem.details.path.removeprefix("$").removeprefix(".")
        raise problem from None


async def _body(request: Request, endpoint: Endpoint) -> object:
    if endpoint.body is Nothing:
        return Nothing()
    if endpoint.body is Upload:
        return Upload(request)
    media_type = request.headers.get("content-type", JSON_MEDIA_TYPE).partition(";")[0].strip()
    if media_type.lower() != JSON_MEDIA_TYPE:
        raise Problem("wrong-media-type", f"Send {JSON_MEDIA_TYPE}, not {media_type!r}.")
    data = await read_body(request, MAX_JSON_BODY_BYTES)
    if not data and endpoint.body_optional:
        data = b"{}"
    try:
        return msgspec.json.decode(data, type=endpoint.body)
    except msgspec.ValidationError as error:
        raise from_validation(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("bad-json", f"The body is not JSON: {error}.", path="$") from None


async def read_body(request: Request, most: int) -> bytes:
    """The whole body; a Problem as soon as it exceeds `most` bytes or comes too slowly."""
    declared = request.headers.get("content-length", "")
    too_large = Problem("body-too-large", f"The body may have at most {most} bytes.")
    if declared.isdecimal() and int(declared) > most:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(HTTP_BODY_TIMEOUT_MS / 1_000):
            async for chunk in request.stream():
                data += chunk
                if len(data) > most:
                    raise too_large
    except TimeoutError:
        raise Problem("too-slow", "The body did not arrive in time. Please try again.") from None
    return bytes(data)


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON that is not kept by caches unless `headers` say so."""
    return Response(
        msgspec.json.encode(value),
        status_code=status,
        media_type=JSON_MEDIA_TYPE,
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )
