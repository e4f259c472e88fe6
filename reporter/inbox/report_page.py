"""The page of one report: everything that was sent, the verdict first.

Made from the stored JSON as plain dicts, never through the agent's structs, so that members of newer
agents show too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from reporter.inbox import readable
from reporter.inbox.enclosed import files_card, missing_card, pictures_card, receipt_card
from reporter.inbox.forms import answer_card, how_many
from reporter.inbox.kinds import Kind
from reporter.inbox.layout import card, cause_chip, definitions, document, kind_chip, layer_class, owner_chip
from reporter.inbox.markup import Child, Html, tag
from reporter.inbox.members import mapping, mappings, string, strings
from reporter.inbox.store import Stored
from reporter.texts.safe import one_line

_KNOWN_MEMBERS = frozenset({
    "schema", "reference", "id", "created_at", "sent_by_person", "fingerprint", "suppressed", "failure",
    "verdict", "facts", "story", "attachments", "scrubbed", "left_out", "dropped", "agent",
})  # fmt: skip
_GOOD_OUTCOMES = frozenset({"resolved", "literal", "connected", "verified", "answered"})
_STAGE_TITLES = {
    "local": "This computer",
    "dns": "Name lookup",
    "tcp": "Connection",
    "tls": "Encryption",
    "http": "Web answer",
    "reported": "What the program saw",
}
# The person's part of report/2 with its headings, in the order of the form.
_STORY = {
    "text": "",  # all of it, in report/1
    "wanted": "What I wanted to do",
    "expected": "What I expected",
    "happened": "What happened",
}
FINGERPRINT_SHOWN_CHARS = 32
QUESTIONS_LIMIT_ITEMS = 200
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?[\d][\d ()/-]{5,24}\d")


def report_page(stored: Stored, kind: Kind | None = None, key: str = "") -> str:
    """Everything about one report: verdict, story, evidence, facts, and the very document that was sent.

    ``kind``: its kind, with the answers that its sender gets; ``key``: for the form that answers.
    """
    kind = kind or Kind(fingerprint=stored.fingerprint, reports=stored.alike)
    report = mapping(msgspec.json.decode(stored.report_json))
    verdict, failure = mapping(report.get("verdict")), mapping(report.get("failure"))
    headline = (
        string(verdict.get("headline")) or string(failure.get("message")) or "A report without a headline"
    )
    remarks = {
        string(enclosure.get("name")): string(enclosure.get("remark"))
        for enclosure in mappings(report.get("attachments"))
    }
    return document(
        f"{stored.reference} · {one_line(headline, 80)}",
        tag(
            "main",
            _verdict_card(stored, headline, verdict, string(report.get("fingerprint")), kind.counted),
            tag(
                "div",
                tag(
                    "div",
                    _story_card(stored.reference, mapping(report.get("story"))),
                    answer_card(stored.reference, kind, key, can_be_answered=stored.can_be_answered),
                    pictures_card(stored, remarks),
                    ladder_card(mapping(verdict.get("evidence")), string(verdict.get("layer"))),
                    _failure_card(failure),
                    class_="main",
                ),
                tag(
                    "aside",
                    _glance_card(stored, report, failure, verdict, kind),
                    files_card(stored, remarks),
                    missing_card(stored, report),
                    receipt_card(report.get("scrubbed")),
                    _facts_cards(mapping(report.get("facts"))),
                    _rest_card(report),
                    class_="side",
                ),
                class_="columns",
            ),
            _raw_card(stored),
            class_="report",
        ),
    )


def _verdict_card(
    stored: Stored, headline: str, verdict: dict[str, Any], fingerprint: str, counted: int
) -> Html:
    advice = verdict.get("advice")
    confidence = string(verdict.get("confidence"))
    runner_up = string(verdict.get("runner_up"))
    return tag(
        "section",
        tag(
            "div",
            tag("span", stored.reference, class_="reference", title="Reference"),
            cause_chip(string(verdict.get("cause"))),
            owner_chip(string(verdict.get("owner"))),
            tag("span", confidence, class_="chip", title=readable.CONFIDENCES.get(confidence))
            if confidence
            else None,
            tag("span", "or ", tag("b", runner_up), class_="chip", title="Runner-up") if runner_up else None,
            kind_chip(stored.alike, counted, href=_kind_address(fingerprint)),
            class_="chips",
        ),
        tag("h1", headline),
        tag("ul", [tag("li", string(line)) for line in advice], class_="advice")
        if isinstance(advice, list)
        else None,
        class_=f"card verdict {layer_class(string(verdict.get('cause')))}",
    )


def _story_card(reference: str, story: dict[str, Any]) -> Html:
    written = {title: string(story.get(name)) for name, title in _STORY.items()}
    parts = [
        tag("div", tag("h3", title) if title else None, tag("p", text, class_="prose"))
        for title, text in written.items()
        if text.strip()
    ]
    questions = strings(story.get("questions"))[:QUESTIONS_LIMIT_ITEMS]
    if questions:
        items = [tag("li", question, class_="prose") for question in questions]
        parts.append(tag("div", tag("h3", "Questions"), tag("ol", items, class_="questions")))
    contact, best_time = string(story.get("contact")), string(story.get("best_time"))
    reach: list[tuple[str, list[Child]]] = []
    if contact:
        reach.append(("Contact", [_contact(reference, contact)]))
    if best_time:
        reach.append(("Best time", [best_time]))
    return card(
        "The person’s story",
        tag("div", parts, class_="story-parts")
        if parts
        else tag("p", "Nothing was written.", class_="faint"),
        tag("div", definitions(reach) or tag("p", "No contact was left.", class_="faint"), class_="reach"),
    )


def _contact(reference: str, contact: str) -> Html:
    """Addresses and numbers as links; everything else as it was written."""
    if _MAIL.fullmatch(contact.strip()):
        subject = quote(f"Your report {reference}")
        return tag("a", contact, href=f"mailto:{quote(contact.strip(), safe='@')}?subject={subject}")
    if _PHONE.fullmatch(contact.strip()):
        return tag("a", contact, href=f"tel:{re.sub(r'[^0-9+]', '', contact)}")
    return tag("span", contact)


def ladder_card(evidence: dict[str, Any], layer: str) -> Html | None:
    """The stages in their order; what is no stage stands above them."""
    stages = {name: found for name, found in evidence.items() if _is_stage(name, found)}
    if not evidence:
        return None
    others = {name: found for name, found in evidence.items() if name not in stages and name != "schema"}
    faulty = layer if layer in stages else "http" if layer == "app" else ""
    return card(
        "What was measured",
        definitions(readable.rows(others)),
        tag(
            "ol",
            [_stage(name, found, at_fault=name == faulty) for name, found in stages.items()],
            class_="ladder",
        ),
    )


def _is_stage(name: str, found: Any) -> bool:
    return name != "target" and (isinstance(found, dict) or (found is None and name in _STAGE_TITLES))


def _stage(name: str, found: dict[str, Any] | None, *, at_fault: bool) -> Html:
    title = _STAGE_TITLES.get(name, readable.label(name))
    if found is None:
        return tag(
            "li", tag("h3", title, tag("span", "not looked at", class_="outcome")), class_="stage none"
        )
    outcome = string(found.get("outcome"))
    look = "bad" if at_fault else "good" if outcome in _GOOD_OUTCOMES else "odd" if outcome else "neutral"
    elapsed = found.get("elapsed_ms")
    rest = {key: inner for key, inner in found.items() if key not in ("outcome", "elapsed_ms")}
    return tag(
        "li",
        tag(
            "h3",
            title,
            tag("span", readable.label(outcome).lower(), class_="outcome") if outcome else None,
            tag("span", readable.value("elapsed_ms", elapsed), class_="elapsed")
            if isinstance(elapsed, int | float)
            else None,
        ),
        definitions(readable.rows(rest)),
        class_=f"stage {look}",
    )


def _failure_card(failure: dict[str, Any]) -> Html | None:
    if not failure:
        return None
    exception = dict(mapping(failure.get("exception")))
    traceback = string(exception.pop("traceback", ""))
    rest = {
        name: found
        for name, found in failure.items()
        if name not in ("schema", "message", "exception", "application", "target", "occurred_at")
    }
    message = string(failure.get("message"))
    return card(
        "What the program said",
        tag("pre", message, class_="message") if message else None,
        definitions(readable.rows(rest | {"exception": exception})),
        tag("details", tag("summary", "Traceback"), tag("pre", traceback)) if traceback else None,
    )


def _glance_card(
    stored: Stored, report: dict[str, Any], failure: dict[str, Any], verdict: dict[str, Any], kind: Kind
) -> Html:
    application = mapping(failure.get("application"))
    by_person = report.get("sent_by_person")
    sent = "by the person" if by_person else "by itself"
    occurred = readable.parse_time(string(failure.get("occurred_at")))
    retry_at = readable.parse_time(string(verdict.get("retry_at")))
    rows = [
        ("Received", readable.full_time(stored.received_at.astimezone())),
        ("Happened", readable.full_time(occurred) if occurred else ""),
        ("Application", f"{string(application.get('name'))} {string(application.get('version'))}".strip()),
        ("Target", string(verdict.get("target")) or string(failure.get("target"))),
        ("Mended by", readable.OWNERS.get(string(verdict.get("owner")), "")),
        ("Try again", readable.RETRIES.get(string(verdict.get("retry")), "")),
        ("Not before", readable.full_time(retry_at) if retry_at else ""),
        ("Sent", sent if isinstance(by_person, bool) else ""),
        ("Held back", _held_back(report.get("suppressed"))),
        ("Agent", string(report.get("agent"))),
        ("Repeats", f"{stored.repeats:,}, each answered like the first" if stored.repeats else ""),
    ]
    pairs: list[tuple[str, list[Child]]] = [(name, [text]) for name, text in rows if text]
    return card("At a glance", definitions([*pairs, *_kind(stored, string(report.get("fingerprint")), kind)]))


def _held_back(suppressed: Any) -> str:
    """How many automatic reports of the kind were not sent before this one."""
    if not isinstance(suppressed, int) or isinstance(suppressed, bool) or suppressed < 1:
        return ""
    return f"{readable.value('suppressed', suppressed)} of this kind from this computer before it"


def _kind(stored: Stored, fingerprint: str, kind: Kind) -> Iterator[tuple[str, list[Child]]]:
    """How many reports there are like this one, and since when."""
    if not fingerprint:
        return
    lines: list[Child] = [tag("code", one_line(fingerprint, FINGERPRINT_SHOWN_CHARS), class_="faint")]
    if kind.counted:
        text = how_many(stored.alike, kind.counted)
    else:
        text = f"{stored.alike:,} reports of this kind" if stored.alike > 1 else "The only report of its kind"
    lines.insert(0, tag("a", text, href=_kind_address(fingerprint)))
    yield "Kind", lines
    if stored.alike > 1 and stored.first_at is not None:
        yield "First seen", [readable.full_time(stored.first_at.astimezone())]


def _kind_address(fingerprint: str) -> str:
    return f"/?{urlencode({'kind': fingerprint})}"


def _facts_cards(facts: dict[str, Any]) -> list[Html]:
    cards = [
        card(
            readable.label(name),
            definitions(readable.rows(found if isinstance(found, dict) else {name: found})),
        )
        for name, found in mapping(facts.get("sections")).items()
    ]
    gaps = [
        (readable.label(string(gap.get("section"))), [string(gap.get("reason"))])
        for gap in mappings(facts.get("gaps"))
    ]
    return [*cards, card("Could not be told", definitions(gaps))] if gaps else cards


def _rest_card(report: dict[str, Any]) -> Html | None:
    """Members of the report that this version does not know."""
    rows = list(readable.rows({name: found for name, found in report.items() if name not in _KNOWN_MEMBERS}))
    return card("More from this agent", definitions(rows)) if rows else None


def _raw_card(stored: Stored) -> Html:
    return tag(
        "details",
        tag(
            "summary",
            "report.json, exactly as it was sent ",
            tag("span", readable.size(len(stored.report_json)), class_="faint"),
        ),
        tag("p", tag("a", "Download", href=f"/reports/{stored.reference}/report.json", download=True)),
        tag("pre", stored.report_json.decode("utf-8", "replace")),
        class_="card raw",
    )
