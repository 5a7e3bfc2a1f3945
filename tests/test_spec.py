"""SPEC.md and the tests agree: each promise has a test, each id in a test is a promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SPEC = (TESTS / "SPEC.md").read_text()

PROMISES = re.findall(r"^- \*\*([A-Z]\d+)\*\* ", SPEC, re.M)
LETTERS = "".join(sorted({promise[0] for promise in PROMISES}))
CITED = re.compile(rf"[(\[,]\s*([{LETTERS}]\d{{1,2}})(?=[)\],])")
IN_A_NAME = re.compile(rf"_([{LETTERS.lower()}]\d{{1,2}})(?=_)")


def ids_in(text: str) -> set[str]:
    """Ids in brackets, as in `(H5)` or `[A1, A2]`."""
    return set(CITED.findall(text))


def functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def named_by_tests() -> dict[str, set[str]]:
    """Promise -> the files whose tests name it."""
    found: dict[str, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        ids: set[str] = set()
        for function in functions(path):
            leading = re.match(r"test((_[a-z]\d{1,2})+)_", function.name)
            if leading:
                ids |= {i.upper() for i in IN_A_NAME.findall(leading.group(1) + "_")}
            ids |= ids_in(ast.get_docstring(function) or "")
        if path != Path(__file__):
            ids |= ids_in(ast.get_docstring(ast.parse(path.read_text())) or "")
        for i in ids:
            found.setdefault(i, set()).add(path.name)
    for path in sorted((TESTS / "core" / "transcripts").glob("*.txt")):
        comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
        for i in ids_in("\n".join(comments)):
            found.setdefault(i, set()).add(path.name)
    return found


POINTED_TO = {
    promise: re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    for promise, text in re.findall(
        r"^- \*\*([A-Z]\d+)\*\* (.*?)(?=^- \*\*|^## |\Z)", SPEC, re.M | re.S
    )
}


def test_every_promise_is_made_once() -> None:
    assert len(PROMISES) == len(set(PROMISES))
    assert set(PROMISES) == set(POINTED_TO)


def test_every_promise_has_a_test() -> None:
    named = named_by_tests()
    assert [p for p in PROMISES if p not in named and not POINTED_TO[p]] == []


def test_every_id_that_a_test_names_is_promised() -> None:
    unknown = {i: files for i, files in named_by_tests().items() if i not in PROMISES}
    assert unknown == {}


@pytest.mark.parametrize(
    ("file", "name"), sorted({test for tests in POINTED_TO.values() for test in tests})
)
def test_a_test_that_is_pointed_to_exists(file: str, name: str) -> None:
    assert name in {function.name for function in functions(TESTS.parent / file)}
