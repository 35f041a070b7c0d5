"""An incident as one sheet to send or file: what stands on its page, at one moment."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard import pdf, words
from dashboard.pages.door import page
from dashboard.pages.incidents import told
from dashboard.queries.frame import visible
from dashboard.queries.incidents import incident_of
from registry import clock


@page
def sheet(request: HttpRequest, number: int) -> HttpResponse:
    """Send the incident as a PDF, in the reader's time zone."""
    found = incident_of(visible(request), number)
    at = clock.now()
    context = told(request, found, now=at)
    name = getattr(request.user, "name", "") or request.user.get_username()
    body = pdf.document(
        f"INC-{found.pk} {found.title}",
        _lead(context),
        _sections(context),
        footer=f"Muster, for {name}, {words.moment(at)}",
    )
    return HttpResponse(
        body,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="INC-{found.pk}.pdf"'},
    )


def _lead(context: dict[str, Any]) -> list[str]:
    incident = context["incident"]
    models = ", ".join(f"{name} ({slug})" for name, slug in context["models"])
    lines = [
        f"{incident['mark'].shape} {incident['mark'].word}, {incident['state']}.",
        f"Opened {incident['opened_at']}. Models: {models}.",
    ]
    if incident["is_closed"]:
        lines.append(
            f"Closed by {incident['closed_by']} {incident['closed']}: {incident['verdict']}."
            f" {incident['root_cause'] or 'No root cause was written down.'}"
        )
    else:
        lines.append(f"Whose: {incident['who']}.")
    return lines


def _sections(context: dict[str, Any]) -> list[pdf.Section]:
    steps = [
        pdf.Section(step["title"], (f"{step['mark'].word}: {step['said']}",), tuple(step["lines"]))
        for step in context["steps"]
    ]
    suggestion = context["suggestion"]
    return [
        *steps,
        pdf.Section("Where the change lies", items=tuple(context["segments"] or ["Not known."])),
        pdf.Section("Alerts", items=tuple(_alert(alert) for alert in context["alerts"])),
        pdf.Section(
            "Earlier cases",
            (suggestion["said"],) if suggestion else (),
            tuple(
                f"INC-{past['number']} closed {past['at']}: {past['verdict']}. {past['root_cause']}"
                for past in context["similar"]
            )
            or ("None of this cause.",),
        ),
        pdf.Section(
            "Decisions about retraining",
            items=tuple(
                f"{row['mark'].word} for {row['model']} by policy {row['policy']}, {row['at']}:"
                f" {row['reason']}"
                for row in context["decisions"]
            )
            or ("None.",),
        ),
        pdf.Section(
            "Who was told",
            items=tuple(
                f"{row['mark'].word}: {row['kind']} to {row['to']} by {row['by']}, {row['at']}"
                for row in context["told"]
            )
            or ("Nobody yet.",),
        ),
        pdf.Section(
            "Timeline, newest first",
            items=(
                *(
                    f"{row['at']} {row['who']}: {row['what']}"
                    + (f" ({row['reason']})" if row["reason"] else "")
                    for row in context["history"]
                ),
                f"{context['incident']['opened_at']} opened by monitoring",
            ),
        ),
    ]


def _alert(alert: dict[str, Any]) -> str:
    where = f" in {alert['segment']}" if alert["segment"] else ""
    check = f", check {alert['check']}" if alert["check"] else ""
    notes = "".join(f"\n{note}" for note in alert["notes"])
    return (
        f"{alert['mark'].shape} {alert['headline']}{where} ({alert['model']}{check}, since"
        f" {alert['since']}, {alert['state']}){notes}"
    )
