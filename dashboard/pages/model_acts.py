"""What people do on a model's page: tie its record to a model that was made anew."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboard.pages.door import act, model_or_404
from dashboard.queries.frame import actor_of
from registry import access, catalogue, clock
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
