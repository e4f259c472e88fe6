"""The page that reads a code: what a person read out on the telephone, or a camera took from their screen."""

from __future__ import annotations

from reporter.inbox import readable
from reporter.inbox.layout import card, cause_chip, definitions, document, layer_class, owner_chip
from reporter.inbox.markup import Child, Html, tag
from reporter.inbox.report_page import ladder_card
from reporter.report.spoken import TEXT_LIMIT_CHARS, Spoken, Step


def spoken_page(
    key: str, *, text: str = "", found: Spoken | None = None, problem: str = "", is_here: bool = False
) -> str:
    """The form, with what the ``text`` in it stands for, or why it stands for nothing.

    ``is_here``: the whole report has come in too.
    """
    form = tag(
        "form",
        tag("input", type="hidden", name="key", value=key),
        tag(
            "label",
            tag("span", "The link, or the code as it was read out", class_="label"),
            tag(
                "textarea",
                text,
                name="code",
                id="code",
                rows="4",
                maxlength=str(TEXT_LIMIT_CHARS),
                required=True,
                spellcheck="false",
                autocapitalize="characters",
                class_="code",
                aria_describedby="problem" if problem else None,
                aria_invalid="true" if problem else None,
            ),
        ),
        tag("p", problem, id="problem", class_="problem", role="alert") if problem else None,
        tag(
            "div",
            tag("button", "Read it", class_="primary"),
            tag("span", "Spaces, hyphens and small letters do not matter.", class_="faint"),
            class_="send",
        ),
        method="post",
        action="/decode",
        class_="desk",
        id="decode",
    )
    return document(
        f"{found.reference} · from a code" if found else "Read a code",
        tag(
            "main",
            _result(found, is_here=is_here) if found else None,
            card("Read a code", form),
            class_="report",
        ),
        script="/decode.js",
    )


def _result(found: Spoken, *, is_here: bool) -> Html:
    rows = [
        ("Happened", readable.full_time(found.occurred_at.astimezone()) if found.occurred_at else ""),
        ("Application", f"{found.application} {found.version}".strip()),
        ("Server", f"{found.host}:{found.port}" if found.host and found.port is not None else found.host),
        ("Mended by", readable.OWNERS.get(found.owner or "", "")),
        ("Certificate from", readable.full_time(found.valid_from) if found.valid_from else ""),
        ("Certificate until", readable.full_time(found.valid_until) if found.valid_until else ""),
        ("Server's clock", _skew(found.skew_s)),
    ]
    pairs: list[tuple[str, list[Child]]] = [(name, [text]) for name, text in rows if text]
    whole = (
        tag("p", tag("a", "The whole report is here", href=f"/reports/{found.reference}"))
        if is_here
        else tag(
            "p", "Only the code has come; the whole report is still on the person’s computer.", class_="faint"
        )
    )
    confidence = found.confidence or ""
    return tag(
        "div",
        tag(
            "section",
            tag(
                "div",
                tag("span", found.reference, class_="reference", title="Reference"),
                cause_chip(found.cause),
                owner_chip(found.owner or ""),
                tag("span", confidence, class_="chip", title=readable.CONFIDENCES.get(confidence))
                if confidence
                else None,
                tag("span", "or ", tag("b", found.runner_up), class_="chip", title="Runner-up")
                if found.runner_up
                else None,
                class_="chips",
            ),
            tag("h1", _headline(found)),
            whole,
            class_=f"card verdict {layer_class(found.cause)}",
        ),
        tag(
            "div",
            tag("div", ladder_card(dict(_stage(step) for step in found.steps), found.layer), class_="main"),
            tag("aside", card("At a glance", definitions(pairs)), class_="side"),
            class_="columns",
        ),
        class_="report",
    )


def _headline(found: Spoken) -> str:
    application = found.application or "A program"
    return f"{application} and {found.host}" if found.host else application


def _stage(step: Step) -> tuple[str, dict[str, object]]:
    shown: dict[str, object] = {"outcome": step.outcome, "code": step.code, "elapsed_ms": step.elapsed_ms}
    if step.stage == "reported":
        shown.pop("elapsed_ms")
    return step.stage, shown


def _skew(skew_s: int | None) -> str:
    if skew_s is None:
        return ""
    return f"{readable.duration(abs(skew_s))} {'ahead' if skew_s > 0 else 'behind'}"
