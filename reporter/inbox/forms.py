"""Forms: what support fills in on the pages, and the answers that were given."""

from __future__ import annotations

from reporter.inbox import readable
from reporter.inbox.kinds import Answer, Kind, Need
from reporter.inbox.layout import card
from reporter.inbox.markup import Child, Html, tag
from reporter.inbox.writing import NAME_LIMIT_CHARS, TEXT_LIMIT_CHARS

_NEEDS = {
    Need.EVERYTHING: ("Everything", "Each person may send a full report."),
    Need.SUMMARY: ("A summary", "Without attachments and without facts about the computer."),
    Need.NOTHING: ("Nothing more", "People read your message and are only counted."),
}


def how_many(reports: int, counted: int) -> str:
    """“12 reports, 31 more have it too”."""
    text = "1 report" if reports == 1 else f"{reports:,} reports"
    if not counted:
        return text
    return f"{text}, {counted:,} more {'has' if counted == 1 else 'have'} it too"


def answer_card(reference: str, kind: Kind, key: str, *, can_be_answered: bool) -> Html:
    """Answers to the sender of one report: those that were given, and a new one."""
    others = kind.reports + kind.counted - 1
    everybody = None
    if others > 0:
        text = f"Also to the {others:,} other{'s' if others > 1 else ''} who have it"
        everybody = _tick("everybody", text)
    note = None
    if not can_be_answered:
        note = tag(
            "p",
            "The agent that sent this report fetches no answers. Reach the person by the contact they left.",
            class_="faint",
        )
    form = _answer_form(f"/reports/{reference}/answer", key, everybody, label="Answer to the person")
    return tag(
        "div",
        card("Answer", _given(kind.answers), note, form if can_be_answered or others > 0 else None),
        id="answers",
    )


def kind_panel(kind: Kind, key: str) -> Html:
    """What support says about a kind: to whom reports next, and to all who have it."""
    of_kind = tag("input", type="hidden", name="fingerprint", value=kind.fingerprint)
    since = None
    if kind.changed_at is not None:
        since = tag("p", f"Set on {readable.full_time(kind.changed_at.astimezone())}.", class_="faint")
    need = card(
        "When the next person has it",
        tag(
            "form",
            _key(key),
            of_kind,
            tag(
                "fieldset",
                tag("legend", "How much is wanted"),
                [
                    tag(
                        "label",
                        tag("input", type="radio", name="need", value=each, checked=each is kind.need),
                        tag("span", tag("b", title), tag("span", text, class_="remark")),
                        class_="option",
                    )
                    for each, (title, text) in _NEEDS.items()
                ],
            ),
            _text_area("message", "Message shown to them", kind.message, rows="3", required=False),
            tag("div", tag("button", "Save", class_="primary"), since, class_="send"),
            method="post",
            action="/kind/need",
            class_="desk",
        ),
    )
    form = _answer_form("/kind/answer", key, of_kind, label="Answer to all of them")
    have = kind.reports + kind.counted
    title = "Answer everybody who has it" if have else "Nobody has it at the moment"
    answers = tag("div", card(title, _given(kind.answers), form if have else None), id="answers")
    return tag("div", need, answers, class_="panel")


def _given(answers: list[Answer]) -> Html | None:
    """The answers so far, newest first."""
    if not answers:
        return None
    return tag(
        "ol",
        [
            tag(
                "li",
                tag("p", answer.text, class_="prose"),
                tag(
                    "p",
                    tag("span", "Solved", class_="chip solved") if answer.is_solved else None,
                    tag("span", " · ".join(_about(answer)), class_="faint"),
                    class_="chips",
                ),
            )
            for answer in answers
        ],
        class_="answers",
    )


def _about(answer: Answer) -> list[str]:
    parts = [answer.written_by, readable.full_time(answer.written_at.astimezone())]
    parts.append("to everybody who had it then" if answer.to_kind else "to this person")
    return [part for part in parts if part]


def _answer_form(action: str, key: str, more: Child, *, label: str) -> Html:
    return tag(
        "form",
        _key(key),
        _text_area("text", label, "", rows="4", required=True),
        tag(
            "label",
            tag("span", "Your name", class_="label"),
            tag("input", name="by", maxlength=str(NAME_LIMIT_CHARS), autocomplete="name", class_="short"),
        ),
        tag("div", _tick("solved", "This is solved"), more, class_="ticks"),
        tag("div", tag("button", "Send the answer", class_="primary"), class_="send"),
        method="post",
        action=action,
        class_="desk",
    )


def _text_area(name: str, label: str, text: str, *, rows: str, required: bool) -> Html:
    return tag(
        "label",
        tag("span", label, class_="label"),
        tag("textarea", text, name=name, rows=rows, maxlength=str(TEXT_LIMIT_CHARS), required=required),
    )


def _tick(name: str, label: str) -> Html:
    return tag(
        "label", tag("input", type="checkbox", name=name, value="yes"), tag("span", label), class_="tick"
    )


def _key(key: str) -> Html:
    return tag("input", type="hidden", name="key", value=key)
