"""The rules of the house, checked: who may import whom, what is pure, how long files are and what
they are called, and that no text names one machine. An exception stands here with its reason."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("seatengine", "gateway", "benchmarks")
MAX_LINES = 600
VAGUE = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "stuff"}

GROUND = {"seatengine.ids", "seatengine.limits", "seatengine.errors"}
MAY_IMPORT: list[tuple[str, set[str]]] = [
    ("seatengine.ids", set()),
    ("seatengine.limits", set()),
    ("seatengine.errors", set()),
    ("seatengine.chart", GROUND | {"seatengine.chart"}),
    ("seatengine.core", GROUND | {"seatengine.core", "seatengine.chart.seat_table"}),
    ("seatengine.ports", GROUND | {"seatengine.core", "seatengine.chart.seat_table"}),
    ("seatengine", {"seatengine"}),
    ("gateway", {"gateway", "seatengine"}),
    ("benchmarks", {"benchmarks", "gateway", "seatengine"}),
]
"""(module prefix, what of ours it may import); the first prefix that fits is the rule."""

PURE = ("seatengine.chart", "seatengine.core")
PURE_GATEWAY = (
    "wire",
    "session",
    "fanout",
    "frames",
    "chart_view",
    "refusals",
    "contacts",
    "metrics_reading",
    "door",
    "token_bucket",
    "origins",
    "client_address",
    "outboxes",
)
IMPURE = {
    "asyncio",
    "asyncpg",
    "httpx",
    "logging",
    "os",
    "random",
    "secrets",
    "socket",
    "starlette",
    "subprocess",
    "threading",
    "time",
    "uuid",
    "uvicorn",
    "uvloop",
    "websockets",
}

CORE_FOR_THE_GATEWAY = {
    f"seatengine.core.{name}"
    for name in ("commands", "entries", "outputs", "party_fit", "policy", "seating")
}
DEEPER_INTO_THE_CORE = {
    "gateway.app": "composition root",
    "gateway.hub": "receives the recovered shard from the runner, to show where it stands",
    "gateway.audit_store": "rebuilds an event from its journal, to hold it against the tables",
}


NO_BEHAVIOUR = {"seatengine.ids"}
"""Modules of names only, which there is nothing to test about."""

TESTED_TOGETHER = {
    "seatengine.chart.exporters": "chart/test_exporters.py",
    "seatengine.chart.importers.native": "chart/test_import_native.py",
    "seatengine.chart.importers.pretix": "chart/test_import_pretix.py",
    "seatengine.chart.importers.seatsio": "chart/test_import_seatsio.py",
    "seatengine.chart.importers.seatsio_file": "chart/test_import_seatsio.py",
    "seatengine.chart.parametric": "chart/test_parametric.py",
    "seatengine.shell.postgres": "shell/test_ports.py",
    "seatengine.shell.postgres_journal": "shell/test_ports.py",
    "seatengine.shell.postgres_stores": "shell/test_ports.py",
    "seatengine.shell.projection": "shell/test_followers.py",
    "seatengine.shell.sale_tables": "shell/test_followers.py",
    "gateway.app": "gateway/test_client.py",
    "gateway.audit_store": "demo/test_demo.py",
    "gateway.box_office": "gateway/http/test_holds.py",
    "gateway.cli_charts": "gateway/test_cli.py",
    "gateway.cli_demo": "demo/test_demo.py",
    "gateway.cli_doctor": "gateway/test_cli.py",
    "gateway.cli_events": "gateway/test_cli.py",
    "gateway.cli_journal": "gateway/test_cli.py",
    "gateway.cli_options": "gateway/test_cli.py",
    "gateway.cli_serve": "gateway/test_cli.py",
    "gateway.cli_store": "gateway/test_cli.py",
    "gateway.demo": "demo/test_demo.py",
    "gateway.docs_page": "gateway/http/test_http_api.py",
    "gateway.endpoints": "gateway/http/test_http_api.py",
    "gateway.engine_client": "gateway/test_hub.py",
    "gateway.http_protocol": "gateway/http/test_no_cycles.py",
    "gateway.load.buyers": "gateway/load/test_load.py",
    "gateway.load.driver": "gateway/load/test_load.py",
    "gateway.load.gauges": "gateway/load/test_load.py",
    "gateway.load.plan": "gateway/load/test_load.py",
    "gateway.load.report": "gateway/load/test_load.py",
    "gateway.load.run": "gateway/load/test_load.py",
    "gateway.load.scenarios": "gateway/load/test_load.py",
    "gateway.load.site": "gateway/load/test_load.py",
    "gateway.load.viewer": "gateway/load/test_load.py",
    "gateway.openapi": "gateway/http/test_http_api.py",
    "gateway.resources": "gateway/http/test_openapi_live.py",
    "gateway.routes_blocks": "gateway/http/test_bookings.py",
    "gateway.routes_bookings": "gateway/http/test_bookings.py",
    "gateway.routes_charts": "gateway/http/test_charts.py",
    "gateway.routes_events": "gateway/http/test_events.py",
    "gateway.routes_health": "gateway/http/test_http_api.py",
    "gateway.routes_holds": "gateway/http/test_holds.py",
    "gateway.routes_pages": "gateway/http/test_pages.py",
    "gateway.routes_reports": "gateway/http/test_reports.py",
    "gateway.routes_viewers": "gateway/http/test_holds.py",
    "gateway.security_headers": "gateway/http/test_http_api.py",
    "gateway.wire": "gateway/test_session.py",
}
"""Modules, or packages of them, that are tested in one file with what they are part of."""


def modules(package: str) -> dict[str, Path]:
    """Dotted name -> file of every module of `package`."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


OURS = {name: path for package in PACKAGES for name, path in modules(package).items()}


def imports(path: Path) -> set[str]:
    """Every module that the file imports anywhere, `from a import b` as a.b where that is one."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                found.add(whole if whole in OURS else module)
    return found


def within(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def source_files() -> list[Path]:
    """Python and TypeScript files written by hand or generated, dependencies left out."""
    roots = [ROOT / p for p in (*PACKAGES, "tests", "frontend/src", "frontend/tests")]
    return [
        path
        for root in roots
        if root.exists()
        for path in sorted(root.rglob("*"))
        if path.suffix in (".py", ".ts", ".tsx") and "node_modules" not in path.parts
    ]


@pytest.mark.parametrize("name", OURS)
def test_imports_point_one_way(name: str) -> None:
    allowed = next(rule for prefix, rule in MAY_IMPORT if within(name, {prefix}))
    ours = {i for i in imports(OURS[name]) if i.split(".")[0] in (*PACKAGES, "tests")}
    assert {i for i in ours if not within(i, allowed)} == set()


def test_nothing_shipped_imports_what_is_for_tests() -> None:
    for name, path in OURS.items():
        wanted = imports(path)
        assert not within("seatengine.testing", wanted) or name == "seatengine.testing", name
        assert not {i for i in wanted if within(i, {"pytest", "hypothesis", "tests"})}, name


def test_the_gateway_sees_the_core_through_its_language_only() -> None:
    for name, path in modules("gateway").items():
        deep = {
            i
            for i in imports(path)
            if within(i, {"seatengine.core"})
            and not within(i, CORE_FOR_THE_GATEWAY)
            and i != "seatengine.core"
        }
        assert bool(deep) <= (name in DEEPER_INTO_THE_CORE), f"{name} imports {deep}"


def test_pure_modules_know_no_clock_no_chance_and_no_outside_world() -> None:
    pure = [name for name in OURS if within(name, set(PURE))]
    pure += [f"gateway.{name}" for name in PURE_GATEWAY]
    for name in pure:
        impure = {i for i in imports(OURS[name]) if i.split(".")[0] in IMPURE}
        assert impure == set(), f"{name} imports {impure}"
        assert not within(name, {"gateway"}) or not {
            i for i in imports(OURS[name]) if within(i, {"seatengine.shell"})
        }


def test_geometry_alone_uses_shapely() -> None:
    users = {n for n, p in OURS.items() if any(within(i, {"shapely"}) for i in imports(p))}
    assert users <= {"seatengine.chart.geometry"}


def test_there_is_no_import_circle() -> None:
    graph = {n: {i for i in imports(p) if i in OURS and i != n} for n, p in OURS.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for wanted in sorted(graph[name]):
                visit(wanted, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_no_file_is_too_long() -> None:
    lengths = {p: len(p.read_text().splitlines()) for p in source_files()}
    assert {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > MAX_LINES} == {}


def test_no_name_says_nothing() -> None:
    words = {p: re.split(r"[_\-.]", p.stem.lower()) for p in source_files()}
    vague = [str(p.relative_to(ROOT)) for p, parts in words.items() if VAGUE & set(parts)]
    assert vague == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name
        for name, path in OURS.items()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_every_module_is_tested() -> None:
    own = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    untested = [
        name
        for package in ("seatengine", "gateway")
        for name, path in modules(package).items()
        if path.name != "__init__.py"
        and f"test_{path.stem}" not in own
        and name not in NO_BEHAVIOUR
        and not within(name, set(TESTED_TOGETHER))
    ]
    assert untested == []


def test_exceptions_are_about_what_exists() -> None:
    for name in (*DEEPER_INTO_THE_CORE, *NO_BEHAVIOUR, *TESTED_TOGETHER):
        assert name in OURS, name
    for file in TESTED_TOGETHER.values():
        assert (ROOT / "tests" / file).exists(), file


def tracked_texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    texts = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            try:
                texts[name] = path.read_text()
            except UnicodeDecodeError:
                continue
    return texts


def test_no_text_names_a_path_of_one_machine() -> None:
    homes = re.compile(r"(?<![\w.])/(?:" + "|".join(("work", "home", "root", "Users")) + r")/\w")
    found = {name: m.group() for name, text in tracked_texts().items() if (m := homes.search(text))}
    assert found == {}


def test_the_frontend_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    origins = {
        package["resolved"].split("/")[2]
        for package in lock["packages"].values()
        if "resolved" in package
    }
    assert origins == set()
