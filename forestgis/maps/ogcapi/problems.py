"""Errors as problem documents (RFC 9457, which replaces RFC 7807)."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from tiles.errors import FilterError

View = Callable[..., HttpResponseBase]


class ProblemError(Exception):
    """A request that cannot be answered.

    Attributes
    ----------
    status : int
    members : dict
        What programs may want to know besides: `parameter`, `field`, ...
    """

    def __init__(self, status: int, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.status = status
        self.members = members


def wrong_parameter(name: str, detail: str) -> ProblemError:
    """Return the problem of a query parameter."""
    return ProblemError(400, detail, parameter=name)


def document(problem: ProblemError) -> HttpResponse:
    """Return a problem as the answer."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": str(problem),
        **problem.members,
    }
    return HttpResponse(
        json.dumps(content, ensure_ascii=False),
        content_type="application/problem+json",
        status=problem.status,
    )


def with_problems(view: View) -> View:
    """Answer what a view refuses with a problem document."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ProblemError as problem:
            return document(problem)
        except FilterError as error:
            return document(wrong_parameter("filter", str(error)))
        except Http404 as error:
            return document(ProblemError(404, str(error)))
        except PermissionDenied as error:
            return document(ProblemError(403, str(error) or _("この操作をする権限がありません。")))
        except DataError:
            return document(
                ProblemError(
                    400, _("条件の値が列の型に合いません（範囲を超えた数、不正な文字など）。")
                )
            )

    return answer
