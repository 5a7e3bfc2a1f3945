"""The browser's message types follow gateway/live/wire.py."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.live import wire, wire_typescript
from gateway.live.chart_view import ChartView


def test_the_committed_file_is_fresh() -> None:
    fresh = wire_typescript.messages_typescript()
    assert wire_typescript.TARGET.read_text() == fresh, (
        "run `python -m gateway.live.wire_typescript` and commit frontend/src/wire/messages.ts"
    )


def test_every_message_has_its_interface_and_tag() -> None:
    text = wire_typescript.messages_typescript()
    for union in (wire.ClientMessage, wire.ServerMessage):
        for message in union.__args__:
            tag = message.__struct_config__.tag
            assert f"export interface {message.__name__} {{" in text
            assert f"  {message.__name__}: {{\n    tag: {tag},\n" in text


def test_every_column_of_the_chart_view_is_there() -> None:
    text = wire_typescript.messages_typescript()
    body = text.split("export interface ChartView {")[1].split("\n}")[0]
    for field in msgspec.structs.fields(ChartView):
        assert f"readonly {field.name}:" in body


def test_a_default_of_bytes_is_written_as_bytes() -> None:
    text = wire_typescript.messages_typescript()
    assert '{ name: "tiles", kind: "bytes", fallback: Uint8Array.of() },' in text


def test_check_says_when_the_file_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "wire" / "messages.ts"
    monkeypatch.setattr(wire_typescript, "TARGET", target)
    assert wire_typescript.main(["--check"]) == 1
    assert wire_typescript.main([]) == 0
    assert wire_typescript.main(["--check"]) == 0
    target.write_text(target.read_text() + "// changed\n")
    assert wire_typescript.main(["--check"]) == 1
