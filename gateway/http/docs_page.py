"""The API's documentation as one HTML page, made from the OpenAPI document. Pure.

No script and nothing from elsewhere: it can be read offline and printed.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final

import msgspec

from gateway.http.problems import PROBLEM_MEDIA_TYPE, STATUS_OF
from gateway.live import refusals
from seatengine.core.outputs import Code

Json = dict[str, Any]

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fbfbf9;--ink:#1c1d20;--soft:#62656d;--line:#deded8;
--code:#f1f1ec;--accent:#2456a6;--get:#2456a6;--post:#1d6b45;--patch:#8a5a00;--delete:#a3322d}
@media(prefers-color-scheme:dark){:root{--paper:#111317;--ink:#e8e8e4;--soft:#9a9ea8;
--line:#2b2e35;--code:#1a1d23;--accent:#8ab4ff;--get:#8ab4ff;--post:#7fd1a6;--patch:#e5b567;
--delete:#f2948f}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:24px}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif;
display:grid;grid-template-columns:264px minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:32px 16px 32px 24px;
border-right:1px solid var(--line);font-size:14px}
nav strong{display:block;margin:24px 0 4px;font-size:12px;color:var(--soft);
letter-spacing:.04em;text-transform:uppercase}
nav a{display:block;padding:4px 0;color:var(--ink);text-decoration:none}
a{color:var(--accent)}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
main{max-width:888px;padding:32px 40px 96px}
h1{font-size:32px;line-height:1.2;margin:0 0 8px}
h2{font-size:24px;margin:64px 0 0;padding-bottom:8px;border-bottom:1px solid var(--line)}
h3{font-size:18px;margin:40px 0 0}
h4{font-size:14px;margin:24px 0 8px;color:var(--soft);font-weight:600}
p{margin:8px 0}
code,pre{font:14px/1.5 ui-monospace,monospace}
p code,td code,li code{background:var(--code);padding:1px 5px;border-radius:4px}
pre{background:var(--code);padding:16px;border-radius:8px;overflow:auto;margin:8px 0}
.call{display:flex;gap:12px;align-items:baseline;margin:8px 0;flex-wrap:wrap}
.call code{overflow-wrap:anywhere}
.m{font:600 12px/1 ui-monospace,monospace;text-transform:uppercase;padding:5px 8px;
border:1px solid currentColor;border-radius:4px}
.get{color:var(--get)}.post{color:var(--post)}.patch{color:var(--patch)}.delete{color:var(--delete)}
.who,.code{color:var(--soft);font-size:14px}.code{margin:4px 0}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;font-weight:600;color:var(--soft)}
th,td{padding:8px 12px 8px 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child{white-space:nowrap}
.wide{overflow-x:auto}
details{margin:8px 0}summary{cursor:pointer;color:var(--accent)}
@media(max-width:800px){body{display:block}nav{position:static;height:auto;border:0;
border-bottom:1px solid var(--line)}main{padding:24px 16px 64px}}
@media print{nav{display:none}body{display:block}}
"""

_FIRST_STEPS: Final = """
<p>Import a chart, put a show on sale in it, and hold two seats as a buyer would:</p>
<pre>curl -X POST -H "Authorization: Bearer $KEY" --data-binary @venue.json \\
  $SITE/api/v1/charts

curl -X POST -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"name": "Opening night", "starts_at": "2027-05-06T19:30:00+02:00",
       "chart_id": "ch_...", "prices": {"1": 4500}}' \\
  $SITE/api/v1/events

TOKEN=$(curl -sX POST $SITE/api/v1/viewers | jq -r .token)
curl -X POST -H "Authorization: Viewer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"pick": {"kind": "best", "quantity": 2}}' \\
  $SITE/api/v1/events/ev_.../holds</pre>
<p>An API key comes from <code>seatengine key create</code>; see <code>seatengine --help</code>.</p>
"""
_WHO: Final = {"organizer": "an organizer's API key", "viewer": "a viewer token"}
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*")
_CODE: Final = re.compile(r"`([^`]+)`")


def docs_html(document: Json) -> str:
    """The whole page."""
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    tags = [tag["name"] for tag in document["tags"]]
    info = document["info"]
    navigation = "".join(
        f"<strong>{escape(tag)}</strong>"
        + "".join(
            f'<a href="#{escape(op["operationId"])}">{escape(op["summary"])}</a>'
            for _, _, op in operations
            if tag in op["tags"]
        )
        for tag in tags
    )
    sections = "".join(
        f"<h2>{escape(tag)}</h2>"
        + "".join(
            _operation(document, path, method, op)
            for path, method, op in operations
            if tag in op["tags"]
        )
        for tag in tags
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>"
        f'<nav aria-label="Contents"><a href="#top"><b>{escape(info["title"])} API</b></a>'
        f'{navigation}<strong>Reference</strong><a href="#problems">Problem codes</a></nav>'
        f'<main id="top"><h1>{escape(info["title"])} API</h1>'
        f'<p class="who">Version {escape(info["version"])} · <a href="/api/v1/openapi.json">'
        f"OpenAPI 3.1 document</a></p>{_prose(info['description'])}"
        f'<h2 id="first-steps">First steps</h2>{_FIRST_STEPS}{sections}{_problems()}'
        "</main></body></html>"
    )


def _prose(text: str) -> str:
    """Paragraphs with **bold** and `code`, which is all our descriptions use."""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "".join(f"<p>{_inline(part)}</p>" for part in paragraphs if part)


def _operation(document: Json, path: str, method: str, operation: Json) -> str:
    name = escape(operation["operationId"])
    needs = [_WHO[scheme] for either in operation["security"] for scheme in either]
    open_to_all = {} in operation["security"]
    who = "Open to everyone" if open_to_all else f"Needs {' or '.join(needs)}"
    parts = [
        f'<section id="{name}" aria-labelledby="{name}-title">'
        f'<h3 id="{name}-title">{escape(operation["summary"])}</h3>'
        f'<p class="call"><span class="m {method}">{method}</span><code>{escape(path)}</code>'
        f'<span class="who">{escape(who)}</span></p>',
        _prose(operation.get("description", "")),
    ]
    if operation["parameters"]:
        parts.append(_parameters(operation["parameters"]))
    body = operation.get("requestBody")
    if body is not None:
        schema = body["content"].get("application/json", {}).get("schema")
        parts.append("<h4>Body</h4>")
        parts.append(_schema(document, schema) if schema else "<p>The file itself.</p>")
    parts.append("<h4>Answers</h4>")
    responses = operation["responses"].items()
    parts += [_answer(document, status, said) for status, said in responses if not _refuses(said)]
    parts.append("<h4>Problems</h4>")
    parts += [_problem_links(status, said) for status, said in responses if _refuses(said)]
    return "".join(parts) + "</section>"


def _parameters(parameters: list[Json]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td>"
        f"<td>{escape(_type(p['schema']))}</td><td>{_inline(p['description'])}</td></tr>"
        for p in parameters
    )
    head = "<tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr>"
    return f'<h4>Parameters</h4><div class="wide"><table>{head}{rows}</table></div>'


def _refuses(answer: Json) -> bool:
    return PROBLEM_MEDIA_TYPE in answer.get("content", {})


def _problem_links(status: str, answer: Json) -> str:
    codes = _CODE.findall(answer["description"])
    links = ", ".join(f'<a href="#{escape(code)}">{escape(code)}</a>' for code in codes)
    return f'<p class="code"><code>{status}</code> {links}</p>'


def _answer(document: Json, status: str, answer: Json) -> str:
    content = answer.get("content", {})
    said = f"<p><code>{status}</code> {_inline(answer['description'])}</p>"
    for media_type, body in content.items():
        schema = body.get("schema")
        if media_type == "application/json" and schema:
            said += f"<details><summary>Example</summary>{_schema(document, schema)}</details>"
        else:
            said += f'<p class="who">{escape(media_type)}</p>'
    return said


def _inline(text: str) -> str:
    bold = _BOLD.sub(r"<b>\1</b>", escape(text, quote=False))
    return _CODE.sub(r"<code>\1</code>", bold)


def _schema(document: Json, schema: Json) -> str:
    """Examples of a schema: one, or one per variant with what each is for."""
    shapes = schema.get("anyOf", [schema])
    if len(shapes) == 1:
        return _described(document, schema)
    return "".join(_described(document, shape) for shape in shapes)


def _described(document: Json, schema: Json) -> str:
    target = _resolve(document, schema)
    example = msgspec.json.format(msgspec.json.encode(_example(document, schema)), indent=2)
    return _prose(target.get("description", "")) + f"<pre>{escape(example.decode())}</pre>"


def _resolve(document: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Json = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _example(document: Json, schema: Json) -> object:
    """A value of the schema that says its type: the variant of a union is its first."""
    schema = _resolve(document, schema)
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0])
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {k: _example(document, v) for k, v in schema["properties"].items()}
        case "object":
            return {"…": _example(document, schema.get("additionalProperties") or {})}
        case "array":
            return [_example(document, schema.get("items") or {})]
        case "integer" | "number":
            return schema.get("default", schema.get("minimum", 0))
        case "boolean":
            return schema.get("default", False)
        case "string":
            return schema.get("default") or schema.get("format", "text")
    return None


def _type(schema: Json) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    return str(schema.get("type", "any"))


def _problems() -> str:
    sentences = {refusals.slug(code): refusals.sentence(code) for code in Code}
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td>'
        f"<td>{escape(sentences.get(code, _OWN_WORDS.get(code, '')), quote=False)}</td></tr>"
        for code, status in STATUS_OF.items()
    )
    head = "<tr><th>Code</th><th>Status</th><th>Meaning</th></tr>"
    return (
        f'<h2 id="problems">Problem codes</h2><div class="wide"><table>{head}{rows}</table></div>'
    )


_OWN_WORDS: Final = {
    "bad-request": "A parameter or header is wrong; path names it.",
    "bad-json": "The body is not JSON.",
    "unauthorized": "The API key or viewer token is missing or not valid.",
    "forbidden": "What you are does not allow this.",
    "not-found": "There is nothing here.",
    "method-not-allowed": "This address does not know that method; see the Allow header.",
    "too-slow": "The body did not arrive in time.",
    "idempotency-conflict": "The Idempotency-Key was used for another request.",
    "body-too-large": "The body is larger than allowed.",
    "wrong-media-type": "The body's media type is not the one wanted here.",
    "invalid": "A field of the body is wrong; path is where.",
    "bad-chart": "The chart file is broken; path is where.",
    "too-many-requests": "Too many requests from one address; see the Retry-After header.",
    "internal": "A fault of ours. It is in the log.",
    "store-unavailable": "The database cannot be reached for a moment; try again.",
}
