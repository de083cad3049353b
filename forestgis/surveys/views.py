"""Pages of runs: list, one run with its progress, publishing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from forestgis.accounts.access import may_write
from forestgis.surveys import selectors, services
from forestgis.surveys.errors import SurveyError
from forestgis.surveys.forms import PublishForm
from forestgis.surveys.models import Run

Act = Callable[[Run], object]
_PAGE_SIZE = 25
_ZONES_SHOWN = 100


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """List the runs that the user may see, newest first."""
    page = Paginator(selectors.runs(), _PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "surveys/run_list.html", {"page": page})


@require_safe
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show one run: progress while it computes, totals and publication after."""
    return _detail(request, _run_or_404(run_id), PublishForm())


@require_safe
def run_status(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Answer the progress block; the page is asked to renew itself once the run has settled."""
    run = _run_or_404(run_id)
    response = render(request, "surveys/run_progress.html", {"run": run})
    if run.settled:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def run_provenance(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Answer as JSON where the run's numbers come from."""
    provenance = selectors.provenance(_run_or_404(run_id))
    return JsonResponse(provenance, json_dumps_params={"ensure_ascii": False, "indent": 2})


@require_POST
def publish_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Publish the run; a refusal is shown beside the form."""
    run = _run_or_404(run_id)
    form = PublishForm(request.POST)
    if not form.is_valid():
        return _detail(request, run, form, status=400)
    try:
        services.publish(
            run,
            form.cleaned_data["sharing"],
            form.codes(),
            replace=form.cleaned_data["replace"],
        )
    except SurveyError as error:
        form.add_error(None, str(error))
        return _detail(request, run, form, status=409)
    messages.success(request, _("公開しました。地図とQGISからすぐに見えます。"))
    return redirect("surveys:run_detail", run_id)


@require_POST
def withdraw_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Take the run's publication back."""
    return _after(request, run_id, services.withdraw, _("公開を取り下げました。"))


@require_POST
def cancel_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask the worker to stop the run."""
    return _after(request, run_id, services.cancel_run, _("取消しを依頼しました。"))


def _after(request: HttpRequest, run_id: UUID, act: Act, done: str) -> HttpResponse:
    """Do something to a run and say so, or say why not."""
    try:
        act(_run_or_404(run_id))
    except SurveyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("surveys:run_detail", run_id)


def _run_or_404(run_id: UUID) -> Run:
    run = selectors.run(run_id)
    if run is None:
        raise Http404
    return run


def _detail(
    request: HttpRequest, run: Run, form: PublishForm, *, status: int = 200
) -> HttpResponse:
    zones = selectors.zones(run)
    context = {
        "run": run,
        "model": selectors.model_of(run),
        "publication": selectors.active_publication(run),
        "zones": zones[:_ZONES_SHOWN],
        "n_zones": zones.count(),
        "files": selectors.batch_files(run),
        "form": form,
        "may_write": may_write(run.municipality_id),
    }
    return render(request, "surveys/run_detail.html", context, status=status)
