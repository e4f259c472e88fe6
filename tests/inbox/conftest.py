"""What the tests of the inbox share: a running one on loopback, and reports to post to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reporter.inbox.server import Inbox

REFERENCE = "7K3D-9QX2M"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """One inbox for the tests of a module: its address and its database."""
    database = tmp_path_factory.mktemp("inbox") / "inbox.sqlite"
    inbox = Inbox(database)
    yield inbox.start(), database
    inbox.stop()


@pytest.fixture
def base(running: tuple[str, Path]) -> Iterator[str]:
    """The address of a running and empty inbox, ending with a slash."""
    address, database = running
    yield address
    db = sqlite3.connect(database)
    with db:
        db.execute("PRAGMA foreign_keys = ON")
        for table in ("reports", "counts", "kinds", "answers"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608
    db.close()


@pytest.fixture
def client(base: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base, timeout=30) as client:
        yield client


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """A small report as a plain dict: ``document(reference, story="…", verdict={…})``."""

    def document(reference: str = REFERENCE, **members: Any) -> dict[str, Any]:
        return {
            "schema": "report/1",
            "reference": reference,
            "id": "0192f0c1-7d4e-7c11-8a55-2f5d0c9a1b77",
            "created_at": "2026-11-22T09:00:42+03:00",
            "sent_by_person": True,
            "failure": {
                "schema": "failure/1",
                "target": "https://erp.example.org/base",
                "message": "certificate has expired",
                "application": {"name": "ERP", "version": "3.1.4"},
            },
            "verdict": {
                "schema": "verdict/1",
                "cause": "tls.expired",
                "layer": "tls",
                "owner": "server",
                "confidence": "certain",
                "headline": "The certificate of erp.example.org ran out yesterday.",
                "advice": ["The server team has to renew it."],
                "target": "https://erp.example.org/base",
                "evidence": {
                    "schema": "evidence/1",
                    "elapsed_ms": 812,
                    "dns": {"outcome": "resolved", "addresses": ["10.20.4.17"], "elapsed_ms": 14},
                    "tls": {
                        "outcome": "untrusted",
                        "verify_code": 10,
                        "faults": ["expired"],
                        "elapsed_ms": 22,
                    },
                    "http": None,
                },
            },
            "facts": {"sections": {"memory": {"total_bytes": 16_656_764_928}}, "gaps": []},
            "story": {"text": "Хотела провести накладные.", "contact": "maria@example.org"},
            "agent": "reporter-agent/0.1.0",
        } | members

    return document


@pytest.fixture
def post(client: httpx.Client, document: Callable[..., dict[str, Any]]) -> Callable[..., httpx.Response]:
    """Posts a report as an agent does: ``post(report, attachments=[(name, bytes, type)], key=…)``."""

    def post(
        report: dict[str, Any] | bytes | None = None,
        *,
        attachments: list[tuple[str, bytes, str]] | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        report = document() if report is None else report
        raw = report if isinstance(report, bytes) else json.dumps(report, ensure_ascii=False).encode()
        if key is None:
            key = str(report["reference"]) if isinstance(report, dict) else REFERENCE
        return client.post(
            "reports",
            headers={"Idempotency-Key": key},
            files=[
                ("report", ("report.json", raw, "application/json")),
                *(("attachment", attachment) for attachment in attachments or []),
            ],
        )

    return post
