"""The numbers of one run as a CSV file."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.pages.door import model_or_404, page
from dashboard.queries import runs
from monitoring.models import Reading
from registry.inventory import guarded

_COLUMNS = (
    *("feature", "segment", "stage", "method", "method_version", "value", "p_value"),
    *("adjusted_p", "effect", "weight", "n_reference", "n_current", "limit", "direction"),
    *("crossed", "note"),
)


@page
def readings(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give every reading of the run, one a line, in the names the API gives them."""
    model = model_or_404(request, slug)
    found = runs.run_of(model, number)
    answer = HttpResponse("".join(_lines(runs.readings_of(found))), content_type="text/csv")
    name = f"{model.slug}-run-{found.pk}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(rows: list[Reading]) -> Iterator[str]:
    yield _line(_COLUMNS)
    for row in rows:
        yield _line([getattr(row, name) for name in _COLUMNS])


def _line(cells: Any) -> str:
    held = io.StringIO()
    # Numbers stay numbers; a text that a spreadsheet would take for a formula does not.
    csv.writer(held).writerow([guarded(c) if isinstance(c, str) else c for c in cells])
    return held.getvalue()
