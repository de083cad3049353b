"""Pages on which administrators look after organisations and their people."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from forestgis.accounts import people
from forestgis.accounts.forms import OrganisationForm, PersonChangeForm, PersonForm
from forestgis.accounts.models import Organisation, User
from forestgis.accounts.views import for_people
from forestgis.tenancy.principal import current


@for_people
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people_list(request: HttpRequest) -> HttpResponse:
    """List an organisation's people; take a new one and show the first password this once."""
    organisations = people.organisations()
    organisation = _chosen(organisations, request)
    form = PersonForm(organisation, request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = people.add(organisation, **form.cleaned_data)
        form = PersonForm(organisation)
    context = {
        "organisations": organisations,
        "organisation": organisation,
        "people": people.people_of(organisation),
        "form": form,
        "made": made,
    }
    return render(request, "accounts/people.html", context)


@for_people
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show a person and change name, role, and whether they may log in."""
    someone = _person_or_404(user_id)
    form = PersonChangeForm(someone, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.change(someone, **form.cleaned_data)
        except people.PeopleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("変更しました。"))
            return redirect(_list_of(someone))
    return render(request, "accounts/person.html", {"person": someone, "form": form})


@for_people
@never_cache
@require_POST
def reset(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a person a new password and show it this once."""
    someone = _person_or_404(user_id)
    try:
        made = people.reset_password(someone)
    except people.PeopleError as error:
        messages.error(request, str(error))
        return redirect("accounts:person", user_id)
    form = PersonChangeForm(someone)
    return render(request, "accounts/person.html", {"person": someone, "form": form, "made": made})


@for_people
@require_POST
def unlock(request: HttpRequest, user_id: int) -> HttpResponse:
    """End a person's lock-out."""
    people.let_try_again(_person_or_404(user_id))
    messages.success(request, _("もう一度ログインできるようにしました。"))
    return redirect("accounts:person", user_id)


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_list(request: HttpRequest) -> HttpResponse:
    """List the organisations, and let the prefecture's administrators add one."""
    organisations = people.organisations()
    principal = current()
    may_add = principal.kind == "prefecture" and principal.can_write
    form = OrganisationForm(request.POST or None) if may_add else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            made = form.save()
            messages.success(request, _("%(name)sを登録しました。") % {"name": made.name})
            return redirect("accounts:organisations")
    context = {"organisations": organisations, "form": form}
    return render(request, "accounts/organisations.html", context)


def _chosen(organisations: list[Organisation], request: HttpRequest) -> Organisation:
    """Return the organisation of the address, else the own one."""
    wanted = request.GET.get("organisation") or str(current().organisation_id)
    for organisation in organisations:
        if str(organisation.pk) == wanted:
            return organisation
    raise Http404


def _person_or_404(user_id: int) -> User:
    """Return somebody whom the acting principal looks after."""
    looked_after = User.objects.filter(organisation__in=people.organisations())
    found = looked_after.select_related("organisation").filter(pk=user_id).first()
    if found is None:
        raise Http404
    return found


def _list_of(someone: User) -> str:
    return f"{reverse('accounts:people')}?organisation={someone.organisation_id}"
