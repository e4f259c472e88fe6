"""The page of one report: everything that was sent, the verdict first.

Made from the stored JSON as plain dicts, never through the agent's structs, so that members of newer
agents show too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from reporter.inbox import readable
from reporter.inbox.layout import card, cause_chip, definitions, document, layer_class, owner_chip
from reporter.inbox.markup import Html, tag
from reporter.inbox.store import Stored, StoredFile
from reporter.texts.safe import one_line

_KNOWN_MEMBERS = frozenset({
    "schema", "reference", "id", "created_at", "sent_by_person", "failure", "verdict", "facts", "story",
    "scrubbed", "left_out", "agent",
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
_SHOWN_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?[\d][\d ()/-]{5,24}\d")


def is_shown_image(content_type: str) -> bool:
    """True for pictures that a browser may draw on a page."""
    return content_type.partition(";")[0].strip().lower() in _SHOWN_IMAGES


def report_page(stored: Stored) -> str:
    """Everything about one report: verdict, story, evidence, facts, and the very document that was sent."""
    report = _object(msgspec.json.decode(stored.report_json))
    verdict, failure = _object(report.get("verdict")), _object(report.get("failure"))
    headline = (
        _string(verdict.get("headline")) or _string(failure.get("message")) or "A report without a headline"
    )
    return document(
        f"{stored.reference} · {one_line(headline, 80)}",
        tag(
            "main",
            _verdict_card(stored, headline, verdict),
            tag(
                "div",
                tag(
                    "div",
                    _story_card(stored.reference, _object(report.get("story"))),
                    _ladder_card(_object(verdict.get("evidence")), _string(verdict.get("layer"))),
                    _failure_card(failure),
                    class_="main",
                ),
                tag(
                    "aside",
                    _glance_card(stored, report, failure, verdict),
                    _attachments_card(stored),
                    _scrubbed_card(report.get("scrubbed"), report.get("left_out")),
                    _facts_cards(_object(report.get("facts"))),
                    _rest_card(report),
                    class_="side",
                ),
                class_="columns",
            ),
            _raw_card(stored),
            class_="report",
        ),
    )


def _verdict_card(stored: Stored, headline: str, verdict: dict[str, Any]) -> Html:
    advice = verdict.get("advice")
    confidence = _string(verdict.get("confidence"))
    runner_up = _string(verdict.get("runner_up"))
    return tag(
        "section",
        tag(
            "div",
            tag("span", stored.reference, class_="reference", title="Reference"),
            cause_chip(_string(verdict.get("cause"))),
            owner_chip(_string(verdict.get("owner"))),
            tag("span", confidence, class_="chip", title=readable.CONFIDENCES.get(confidence))
            if confidence
            else None,
            tag("span", "or ", tag("b", runner_up), class_="chip", title="Runner-up") if runner_up else None,
            class_="chips",
        ),
        tag("h1", headline),
        tag("ul", [tag("li", _string(line)) for line in advice], class_="advice")
        if isinstance(advice, list)
        else None,
        class_=f"card verdict {layer_class(_string(verdict.get('cause')))}",
    )


def _story_card(reference: str, story: dict[str, Any]) -> Html:
    text, contact = _string(story.get("text")), _string(story.get("contact"))
    return card(
        "The person’s story",
        tag("p", text, class_="prose") if text else tag("p", "Nothing was written.", class_="faint"),
        tag("p", tag("span", "Contact", class_="faint"), " ", _contact(reference, contact), class_="contact")
        if contact
        else tag("p", "No contact was left.", class_="faint"),
    )


def _contact(reference: str, contact: str) -> Html:
    """Addresses and numbers as links; everything else as it was written."""
    if _MAIL.fullmatch(contact.strip()):
        subject = quote(f"Your report {reference}")
        return tag("a", contact, href=f"mailto:{quote(contact.strip(), safe='@')}?subject={subject}")
    if _PHONE.fullmatch(contact.strip()):
        return tag("a", contact, href=f"tel:{re.sub(r'[^0-9+]', '', contact)}")
    return tag("span", contact)


def _ladder_card(evidence: dict[str, Any], layer: str) -> Html | None:
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
    outcome = _string(found.get("outcome"))
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
    exception = dict(_object(failure.get("exception")))
    traceback = _string(exception.pop("traceback", ""))
    rest = {
        name: found
        for name, found in failure.items()
        if name not in ("schema", "message", "exception", "application", "target", "occurred_at")
    }
    message = _string(failure.get("message"))
    return card(
        "What the program said",
        tag("pre", message, class_="message") if message else None,
        definitions(readable.rows(rest | {"exception": exception})),
        tag("details", tag("summary", "Traceback"), tag("pre", traceback)) if traceback else None,
    )


def _glance_card(
    stored: Stored, report: dict[str, Any], failure: dict[str, Any], verdict: dict[str, Any]
) -> Html:
    application = _object(failure.get("application"))
    by_person = report.get("sent_by_person")
    sent = "by the person" if by_person else "by itself"
    occurred = readable.parse_time(_string(failure.get("occurred_at")))
    retry_at = readable.parse_time(_string(verdict.get("retry_at")))
    rows = [
        ("Received", readable.full_time(stored.received_at.astimezone())),
        ("Happened", readable.full_time(occurred) if occurred else ""),
        ("Application", f"{_string(application.get('name'))} {_string(application.get('version'))}".strip()),
        ("Target", _string(verdict.get("target")) or _string(failure.get("target"))),
        ("Mended by", readable.OWNERS.get(_string(verdict.get("owner")), "")),
        ("Try again", readable.RETRIES.get(_string(verdict.get("retry")), "")),
        ("Not before", readable.full_time(retry_at) if retry_at else ""),
        ("Sent", sent if isinstance(by_person, bool) else ""),
        ("Agent", _string(report.get("agent"))),
        ("Repeats", f"{stored.repeats:,}, each answered like the first" if stored.repeats else ""),
    ]
    return card("At a glance", definitions((name, [text]) for name, text in rows if text))


def _attachments_card(stored: Stored) -> Html | None:
    if not stored.attachments:
        return None
    return card(
        "Attachments",
        tag(
            "ul",
            [
                _attachment(stored.reference, position, file)
                for position, file in enumerate(stored.attachments)
            ],
            class_="files",
        ),
    )


def _attachment(reference: str, position: int, file: StoredFile) -> Html:
    address = f"/reports/{reference}/attachments/{position}"
    return tag(
        "li",
        tag(
            "a",
            tag("img", src=address, alt="", loading="lazy") if is_shown_image(file.content_type) else None,
            tag("span", file.name, class_="name"),
            tag("span", readable.size(file.size_bytes), class_="faint"),
            href=address,
            download=True,
        ),
    )


def _scrubbed_card(scrubbed: Any, left_out: Any) -> Html:
    lines = [
        tag(
            "li",
            tag("b", f"{line.get('count', '')} × {_string(line.get('kind'))}"),
            tag("span", f" in {_string(line.get('where'))}", class_="faint"),
        )
        for line in _objects(scrubbed)
    ]
    kept_back = [_string(name) for name in left_out] if isinstance(left_out, list) else []
    return card(
        "Taken out before sending",
        tag("ul", lines, class_="plain")
        if lines
        else tag("p", "Nothing had to be taken out.", class_="faint"),
        tag("p", tag("span", "Kept back: ", class_="faint"), ", ".join(kept_back)) if kept_back else None,
    )


def _facts_cards(facts: dict[str, Any]) -> list[Html]:
    cards = [
        card(
            readable.label(name),
            definitions(readable.rows(found if isinstance(found, dict) else {name: found})),
        )
        for name, found in _object(facts.get("sections")).items()
    ]
    gaps = [
        (readable.label(_string(gap.get("section"))), [_string(gap.get("reason"))])
        for gap in _objects(facts.get("gaps"))
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


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list of them; whatever else stands there is left out."""
    return (item for item in (found if isinstance(found, list) else []) if isinstance(item, dict))


def _string(found: Any) -> str:
    return found if isinstance(found, str) else ""
