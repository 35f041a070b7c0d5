"""What people do on a model's page: tie its record anew, have its versions compared."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboard.pages.door import act, model_or_404
from dashboard.queries.frame import actor_of
from registry import access, catalogue, clock, comparison
from registry.access import Right
from registry.problems import Invalid


@act
def tie(request: HttpRequest, slug: str) -> HttpResponse:
    """Tie the record to the model that was made in MLflow at the time the form names."""
    model = model_or_404(request, slug)
    access.require(actor_of(request), Right.EDIT_MODELS, model.unit)
    made = request.POST.get("created_at", "")
    server = model.mlflow_server.slug if model.mlflow_server else ""
    claim = {"server": server, "model": model.mlflow_name, "created_at": made}
    try:
        catalogue.patch_model(actor_of(request), model, {"mlflow": claim}, at=clock.now())
    except Invalid as error:
        text = "; ".join(fault.detail for fault in error.errors)
        messages.error(request, f"The record was not tied: {text}.", "error")
    else:
        messages.success(request, "The record is tied to the model that was made anew.", "done")
    return HttpResponseRedirect(f"/m/{model.slug}/")


@act
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the next look at MLflow compare the model's versions with what was recorded."""
    model = model_or_404(request, slug)
    asked = comparison.ask(actor_of(request), model, at=clock.now())
    if asked:
        text = f"{asked} version{'s are' if asked > 1 else ' is'} compared at the next look."
        messages.success(request, text, "done")
    else:
        messages.info(request, "Nothing was recorded yet that could be compared.", "late")
    return HttpResponseRedirect(f"/m/{model.slug}/#versions")
