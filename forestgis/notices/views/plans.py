"""森林経営計画: list, a new one, one plan with its checks, certification, export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forestgis.accounts.access import handles_persons, may_write
from forestgis.audit.selectors import history_of
from forestgis.errors import ProductError
from forestgis.notices import exports, plan_selectors
from forestgis.notices.models import ManagementPlan
from forestgis.notices.plan_forms import CertifyForm, PlanForm, PlanNoteForm, PlanSearchForm
from forestgis.notices.services import plans
from forestgis.web.history import described

_PAGE_SIZE = 50


@require_safe
def plan_list(request: HttpRequest) -> HttpResponse:
    """List plans by name, kind and state."""
    form = PlanSearchForm(request.GET)
    page = Paginator(_found(form), _PAGE_SIZE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "query": asked.urlencode(),
        "today": timezone.localdate(),
        "may_write": handles_persons(),
    }
    return render(request, "notices/plan_list.html", context)


@require_safe
def plan_export(request: HttpRequest) -> HttpResponseBase:
    """Answer the list as a file, without persons."""
    return exports.plans(_found(PlanSearchForm(request.GET)), request.GET.get("format", "csv"))


@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Receive a plan."""
    if not handles_persons():
        raise Http404
    form = PlanForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                plan = plans.receive(form.instance, form.holders(), form.content)
            except ProductError as error:
                form.add_error(None, str(error))
            else:
                return redirect("notices:plan_detail", plan.pk)
    return render(request, "notices/plan_new.html", {"form": form}, status=status)


@never_cache
@require_safe
def plan_detail(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Show a plan, what its checks found, and what was done of it."""
    return _detail(request, _plan_or_404(plan_id))


@require_POST
def plan_certify(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Certify a plan."""
    return _act(
        request, plan_id, CertifyForm(request.POST), "certify_form",
        lambda plan, given: plans.certify(plan, given["number"], given["on"]),
    )  # fmt: skip


@require_POST
def plan_refuse(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Note that a plan is not certified."""
    return _act(
        request, plan_id, PlanNoteForm(request.POST), "note_form",
        lambda plan, given: plans.refuse(plan, given["note"], given["on"]),
    )  # fmt: skip


@require_POST
def plan_revoke(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Note that a certification was taken back."""
    return _act(
        request, plan_id, PlanNoteForm(request.POST), "note_form",
        lambda plan, given: plans.revoke(plan, given["note"], given["on"]),
    )  # fmt: skip


def _found(form: PlanSearchForm) -> Any:  # noqa: ANN401 - a query set
    asked = form.cleaned_data if form.is_valid() else {}
    return plan_selectors.plans(asked.get("q", ""), asked.get("kind", ""), asked.get("state", ""))


def _act(
    request: HttpRequest,
    plan_id: int,
    form: forms.Form,
    name: str,
    act: Callable[[ManagementPlan, dict[str, Any]], object],
) -> HttpResponse:
    """Decide on a plan, or show the page with why not."""
    plan = _plan_or_404(plan_id)
    if not form.is_valid():
        return _detail(request, plan, status=400, **{name: form})
    try:
        act(plan, form.cleaned_data)
    except ProductError as error:
        form.add_error(None, str(error))
        return _detail(request, plan, status=409, **{name: form})
    messages.success(request, _("記録しました。"))
    return redirect("notices:plan_detail", plan_id)


def _plan_or_404(plan_id: int) -> ManagementPlan:
    plan = plan_selectors.plan(plan_id)
    if plan is None:
        raise Http404
    return plan


def _detail(
    request: HttpRequest,
    plan: ManagementPlan,
    *,
    status: int = 200,
    **more: Any,  # noqa: ANN401 - what the page shows besides
) -> HttpResponse:
    facts, found = plan_selectors.findings_of(plan)
    may_handle = may_write(plan.municipality_id) and handles_persons()
    context = {
        "plan": plan,
        "facts": facts,
        "findings": found,
        "stands": plan.stands.all(),
        "operations": plan_selectors.operations_of(plan),
        "holders": plan_selectors.holders_of(plan) if may_handle else [],
        "may_handle": may_handle,
        "expired": plan.ends_on < timezone.localdate(),
        "history": described(history_of(ManagementPlan._meta.db_table, plan.pk), ManagementPlan),
        "certify_form": CertifyForm(),
        "note_form": PlanNoteForm(),
    }
    return render(request, "notices/plan_detail.html", context | more, status=status)
