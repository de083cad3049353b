"""Login, and the tokens with which QGIS and scripts connect."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from forestgis.accounts import second_factor, selectors, services
from forestgis.accounts.backends import PasswordBackend
from forestgis.accounts.forms import CodeForm, TokenForm
from forestgis.accounts.middleware import SECOND_FACTOR_GIVEN, came_by_token
from forestgis.accounts.models import User

_BACKEND = "forestgis.accounts.backends.PasswordBackend"
# In the session of somebody whose password was right and whose code is not yet given.
_WAITING = "waiting_for_code"
_CODE_WITHIN_S = 5 * 60
View = Callable[..., HttpResponse]


class Login(LoginView):
    """The login page."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in, or ask for a code first where the person has a second factor."""
        user = form.get_user()
        if isinstance(user, User) and second_factor.is_enrolled(user):
            self.request.session[_WAITING] = {
                "user": user.pk,
                "until": time.time() + _CODE_WITHIN_S,
                "next": self.get_success_url(),
            }
            return redirect("accounts:login_code")
        return super().form_valid(form)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the second factor; only then is the person logged in."""
    waiting = request.session.get(_WAITING)
    user = PasswordBackend().get_user(waiting["user"]) if waiting else None
    if waiting is None or user is None or waiting["until"] < time.time():
        request.session.pop(_WAITING, None)
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if second_factor.verify(user, form.cleaned_data["code"]):
            login(request, user, backend=_BACKEND)
            request.session.pop(_WAITING, None)
            request.session[SECOND_FACTOR_GIVEN] = True
            return redirect(waiting["next"])
        form.add_error(
            "code", _("確認コードが違います。少し待ってから、新しいコードを入れてください。")
        )
    return render(request, "accounts/login_code.html", {"form": form})


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


@for_people
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the own password, by the old one."""
    user = _user(request)
    form = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.change_own_password(user, form.cleaned_data["new_password1"])
        update_session_auth_hash(request, user)
        messages.success(request, _("パスワードを変えました。"))
        return redirect("accounts:password")
    return render(request, "accounts/password.html", {"form": form})


@for_people
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Set a second factor up, or say that it is on; recovery codes are shown once."""
    user = _user(request)
    if second_factor.is_enrolled(user):
        return render(request, "accounts/second_factor.html", {"enrolled": True})
    form = CodeForm(request.POST or None)
    context: dict[str, object] = {"form": form, "must": settings.FORESTGIS_ADMIN_SECOND_FACTOR}
    if request.method == "POST" and form.is_valid():
        codes = second_factor.confirm(user, form.cleaned_data["code"])
        if codes is not None:
            request.session[SECOND_FACTOR_GIVEN] = True
            context = {"enrolled": True, "codes": codes}
            return render(request, "accounts/second_factor.html", context)
        form.add_error(
            "code", _("確認コードが違います。時計の合った端末で、新しいコードを入れてください。")
        )
    device = second_factor.begin(user)
    context["secret"] = second_factor.secret_of(device)
    context["picture"] = second_factor.picture_of(device)
    return render(request, "accounts/second_factor.html", context)


@for_people
@require_POST
def remove_second_factor(request: HttpRequest) -> HttpResponse:
    """Switch the second factor off, by the password."""
    user = _user(request)
    if user.check_password(request.POST.get("password", "")):
        second_factor.remove(user)
        request.session.pop(SECOND_FACTOR_GIVEN, None)
        messages.success(request, _("二要素認証をやめました。"))
    else:
        messages.error(request, _("パスワードが違います。"))
    return redirect("accounts:second_factor")
