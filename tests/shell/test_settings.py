"""Settings come from flags, else the environment; a bad one is named before anything starts."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seatengine.errors import BadSettings
from seatengine.shell.settings import Settings, load, signing_secret


def test_defaults() -> None:
    assert load({}) == Settings()
    assert load({}).base_url == "http://127.0.0.1:8000"


def test_a_flag_beats_the_environment_beats_the_default() -> None:
    environ = {"SEATENGINE_PORT": "8001", "SEATENGINE_HOST": "::1", "HOME": "/"}
    settings = load(environ, port=8002, host=None)
    assert (settings.port, settings.host) == (8002, "::1")
    assert settings.base_url == "http://[::1]:8002"


def test_database_url_has_its_usual_name_too() -> None:
    usual = "postgresql://a@b/c"
    assert load({"DATABASE_URL": usual}).database_url == usual
    both = {"DATABASE_URL": usual, "SEATENGINE_DATABASE_URL": ""}
    assert load(both).database_url == ""


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"SEATENGINE_PORT": "eighty"}, "port"),
        ({"SEATENGINE_PORT": "65536"}, "port"),
        ({"SEATENGINE_LOG_LEVEL": "loud"}, "log_level"),
        ({"SEATENGINE_MESSAGES_PER_SECOND": "0"}, "messages_per_second"),
        ({"SEATENGINE_DATA_DIR": ""}, "data_dir"),
        ({"DATABASE_URL": "mysql://a@b/c"}, "database_url"),
        ({"SEATENGINE_PUBLIC_URL": "tickets.example.org"}, "public_url"),
        ({"SEATENGINE_SECRET": "short"}, "secret"),
        ({"SEATENGINE_METRICS_TOKEN": "short"}, "metrics_token"),
        ({"SEATENGINE_METRICS_TOKEN": "sixteen letters or more"}, "metrics_token"),
        ({"SEATENGINE_REQUESTS_PER_SECOND": "0"}, "requests_per_second"),
        ({"SEATENGINE_EMBED_ORIGINS": "https://a.example 'self'"}, "embed_origins"),
        ({"SEATENGINE_EMBED_ORIGINS": "https://a.example/;script-src"}, "embed_origins"),
    ],
)
def test_a_bad_setting_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettings, match=f"setting {named}"):
        load(environ)


def test_an_unknown_flag_is_named() -> None:
    with pytest.raises(BadSettings, match="no setting 'prot'"):
        load({}, prot=1)


@pytest.mark.parametrize("variable", ["SEATENGINE_SECRET", "SEATENGINE_METRICS_TOKEN"])
def test_errors_do_not_tell_secrets(variable: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load({variable: "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"))
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: signing_secret(settings), range(16)))
    assert len(secrets) == 1
    files = list((tmp_path / "data").iterdir())
    assert [f.name for f in files] == ["secret"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert signing_secret(Settings(secret="s" * 16)) == "s" * 16


def test_a_secret_that_cannot_be_kept_or_is_damaged_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match="data_dir"):
        signing_secret(Settings(data_dir=str(tmp_path / "file")))
    (tmp_path / "secret").touch()
    with pytest.raises(BadSettings, match="damaged"):
        signing_secret(Settings(data_dir=str(tmp_path)))
