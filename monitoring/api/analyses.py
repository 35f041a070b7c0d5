"""What one asks for beside the verdicts: a run judged again, its full report, what is expected."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field
from pydantic import BaseModel as Answer
from rest_framework.response import Response

from monitoring import analyses, expectations, rejudging
from monitoring.models import Analysis, Expectation
from monitoring.queries.runs import find_run
from registry import access
from registry.access import Right
from registry.api_view import ResourceView, documented, route
from registry.bodies import Change
from registry.plain_text import Line
from registry.problems import invalid


class AgainIn(Change):
    """Why a window is judged once more: `change_reason`."""


class AgainOut(Answer):
    """The run that will be judged."""

    id: int
    state: str
    revision: int


class ReportOut(Answer):
    """How far the full report of a run is; `html` is where a browser finds it."""

    state: Literal["waiting", "made", "failed"]
    requested_at: datetime
    requested_by: str | None
    finished_at: datetime | None
    fault: str
    size: int | None
    html: str | None
    result: dict[str, Any]


class ExpectationIn(Change):
    """What is expected: one column or metric (all when absent), one segment (all), until when."""

    feature: Line = Field(default="", max_length=250)
    segment: Line = Field(default="", max_length=250)
    until: AwareDatetime
    reason: Line = Field(max_length=500)


class ExpectationOut(Answer):
    """What somebody said is expected, and whether they took it back."""

    id: int
    feature: str
    segment: str
    reason: str
    until: datetime
    by: str
    at: datetime
    ended_at: datetime | None
    ended_by: str | None


def report_out(found: Analysis) -> ReportOut:
    """Return a report as the API answers it."""
    run = found.run
    assert run is not None
    made = found.state == "made"
    address = f"/m/{found.model.slug}/runs/{run.pk}/report/" if made else None
    return ReportOut(
        state=found.state,
        requested_at=found.requested_at,
        requested_by=found.by.email if found.by else None,
        finished_at=found.finished_at,
        fault=found.fault,
        size=found.size,
        html=address,
        result=found.result,
    )


def _expectation(row: Expectation) -> ExpectationOut:
    return ExpectationOut(
        id=row.pk,
        feature=row.feature,
        segment=row.segment,
        reason=row.reason,
        until=row.until,
        by=row.by.email,
        at=row.at,
        ended_at=row.ended_at,
        ended_by=row.ended_by.email if row.ended_by else None,
    )


def _number(text: str) -> int:
    """Read a row's number; nonsense is a row that is not there."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


class RunAgain(ResourceView):
    """Another judgement of a window."""

    @documented("Judge a run again", body=AgainIn, answer=AgainOut, upsert=True)
    def post(self, request: object, run: str) -> Response:
        """Queue the run's window once more, with the check, contract and data of today."""
        found = find_run(self.actor, _number(run))
        access.require(self.actor, Right.EDIT_MONITORING, found.window.check_ref.model.unit)
        body = self.read(AgainIn)
        queued, created = rejudging.rejudge(
            self.actor, found, reason=body.change_reason, at=self.at
        )
        answer = AgainOut(id=queued.pk, state=queued.state, revision=queued.revision)
        return self.answer(answer, created=created)


class RunReport(ResourceView):
    """The full Evidently report of a run."""

    @documented("Show the report of a run", answer=ReportOut)
    def get(self, request: object, run: str) -> Response:
        """Say how far the report is; 404 until somebody asks for it."""
        found = find_run(self.actor, _number(run))
        reports = found.analyses.filter(kind=Analysis.Kind.REPORT)
        return self.answer(report_out(reports.select_related("model", "by").get()))

    @documented("Ask for the report of a run", answer=ReportOut, upsert=True)
    def post(self, request: object, run: str) -> Response:
        """Have Evidently's full report made by a worker; asked twice, it is made once."""
        found = find_run(self.actor, _number(run))
        made, created = analyses.request_report(self.actor, found, at=self.at)
        return self.answer(report_out(made), created=created)


class ExpectationList(ResourceView):
    """What is expected of a check's results."""

    @documented(
        "List what is expected of a check",
        answer=ExpectationOut,
        listed=True,
        filters={"state": "in_force or over"},
    )
    def get(self, request: object, key: str, check: str) -> Response:
        """List what somebody said is expected, newest first."""
        found = self.find_model(key).checks.get(slug=check)
        rows = found.expectations.select_related("by", "ended_by")
        state = self.request.query_params.get("state")
        if state not in (None, "in_force", "over"):
            raise invalid("/state", "invalid", "there is no such state", "in_force or over")
        if state:
            now = expectations.in_force(found, at=self.at).values("pk")
            rows = rows.filter(pk__in=now) if state == "in_force" else rows.exclude(pk__in=now)
        return self.page(rows, order=["-at", "-pk"], show=_expectation)

    @documented("Expect a movement", body=ExpectationIn, answer=ExpectationOut, created=True)
    def post(self, request: object, key: str, check: str) -> Response:
        """Say that crossings are expected until a day: they show, and alert nobody."""
        found = self.find_model(key, Right.ACT_ON_INCIDENTS).checks.get(slug=check)
        body = self.read(ExpectationIn)
        made = expectations.expect(self.actor, found, at=self.at, **body.given())
        return self.answer(_expectation(made), created=True)


class ExpectationEnd(ResourceView):
    """The end of an expectation."""

    @documented("End an expectation", body=AgainIn, answer=ExpectationOut)
    def post(self, request: object, key: str, check: str, number: str) -> Response:
        """Take back that something is expected; ended twice is ended once."""
        model = self.find_model(key, Right.ACT_ON_INCIDENTS)
        found = model.checks.get(slug=check).expectations.get(pk=_number(number))
        body = self.read(AgainIn)
        done = expectations.end(self.actor, found, at=self.at, reason=body.change_reason)
        return self.answer(_expectation(done))


urlpatterns = [
    route("runs/<run>/rejudge/", RunAgain, "run-rejudge"),
    route("runs/<run>/report/", RunReport, "run-report"),
    route("models/<key>/checks/<check>/expectations/", ExpectationList, "expectations"),
    route(
        "models/<key>/checks/<check>/expectations/<number>/end/", ExpectationEnd, "expectation-end"
    ),
]
