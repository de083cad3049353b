"""Login, and the tokens with which QGIS and scripts connect."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from forestgis.accounts import selectors, services
from forestgis.accounts.forms import TokenForm
from forestgis.accounts.middleware import came_by_token
from forestgis.accounts.models import User

View = Callable[..., HttpResponse]


class Login(LoginView):
    """The login page."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True


def for_people(view: View) -> View:
    """Refuse programs: a token must not make another one that lives longer."""

    @wraps(view)
    def checked(request: HttpRequest, **kwargs: int) -> HttpResponse:
        if came_by_token(request):
            raise PermissionDenied(_("この操作にはログインが必要です。"))
        return view(request, **kwargs)

    return checked


@for_people
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the person's tokens; make a new one and show its secret this once."""
    user = _user(request)
    form = TokenForm(user, request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        made = services.create_token(
            user,
            form.cleaned_data["name"],
            scopes=form.scopes(),
            days=form.cleaned_data["days"],
        )
        form = TokenForm(user)
    context = {
        "form": form,
        "made": made,
        "tokens": selectors.tokens_of(user),
        "now": timezone.now(),
        "address": settings.FORESTGIS_ADDRESS.rstrip("/"),
    }
    return render(request, "accounts/tokens.html", context)


@for_people
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Make one of the person's tokens useless."""
    token = get_object_or_404(selectors.tokens_of(_user(request)), pk=token_id)
    services.revoke_token(token)
    messages.success(request, _("「%(name)s」を取り消しました。") % {"name": token.name})
    return redirect("accounts:tokens")


def _user(request: HttpRequest) -> User:
    """Return the person; every address here is closed to nobody."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
