"""Text whose encoding nobody names is read as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report.encoding import decoded

RUSSIAN = (
    "2026-11-22 09:12:01 ОШИБКА Не удалось подключиться к серверу 1С:Предприятия 8.3 по причине:\n"
    "2026-11-22 09:12:05 INFO start worker 17 pid=4431 url=http://srv-1c/base\n"
    "Сеанс пользователя завершён аварийно. Повторите попытку позже.\n"
)
UKRAINIAN = "2026-11-22 Помилка: з'єднання з сервером перервано, спробуйте пізніше. Її ім'я\n"
CAPITALS = "ОШИБКА СОЕДИНЕНИЯ С СЕРВЕРОМ\n"
SHORT = "Ошибка сети\n"
RARE = "2026-11-22 INFO all is well here\n" * 300 + SHORT
FRENCH = "2026-11-22 ERREUR La connexion a échoué: délai dépassé, réessayez\n"
GERMAN = "FEHLER: Verbindung für größere Übertragung wurde zurückgesetzt\n"
POLISH_IN_UTF_8 = "Błąd połączenia z serwerem\n"


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (RUSSIAN, "utf-8 cp1251 cp866 koi8-u utf-16-le utf-16-be"),
        (UKRAINIAN, "utf-8 cp1251 cp1125 koi8-u utf-16-le"),
        (CAPITALS, "utf-8 cp1251 cp866 koi8-u"),
        (SHORT, "utf-8 cp1251 cp866 koi8-u"),
        (RARE, "utf-8 cp1251 cp866 utf-16-le"),
        (FRENCH, "utf-8 cp1252"),
        (GERMAN, "utf-8 cp1252"),
        (POLISH_IN_UTF_8, "utf-8 utf-16-le"),
    ],
    ids=["russian", "ukrainian", "capitals", "short", "rare", "french", "german", "polish"],
)
def test_a_text_is_read_in_its_encoding(text: str, encodings: str) -> None:
    for encoding in encodings.split():
        assert decoded(text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_believed_and_taken_away(encoding: str) -> None:
    raw = SHORT.encode(encoding)
    assert decoded(raw, raw[:4])[0] == SHORT
    assert decoded(raw[2 if encoding == "utf-16" else 3 :], raw[:4])[0] == SHORT, "the end of such a file"


def test_lines_of_two_encodings_in_one_file_are_both_read() -> None:
    raw = "Запуск\n".encode() + SHORT.encode("cp866") + b"ok\n"
    assert decoded(raw) == (f"Запуск\n{SHORT}ok\n", "utf-8 and cp866")


@given(st.binary(max_size=400), st.binary(max_size=4))
def test_any_bytes_are_text_of_some_kind(raw: bytes, head: bytes) -> None:
    text, _ = decoded(raw, head)
    assert len(text) <= len(raw)
