"""What can be wrong with a request on the ledger, in the user's words; nothing has been stored when one is raised."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from forestgis.errors import ProductError


class ParcelsError(ProductError):
    """Base of this app's."""

    code = "parcels"


class NotYoursError(ParcelsError):
    """The acting principal may not write for the municipality."""

    code = "not_yours"
    words = _("この市町村（%(municipality)s）の台帳を変更する権限がありません。")


class NoPersonsError(ParcelsError):
    """Handling personal data is not among the duties of the acting person's role."""

    code = "no_persons"
    words = _("この事務の担当者ではないため、個人情報を扱えません。")


class NotCheckedError(ParcelsError):
    """Only a file that was checked and found sound can be stored."""

    code = "not_checked"
    words = _("検査に通ったファイルだけを取り込めます（状態：%(state)s）。")


class FileChangedError(ParcelsError):
    """The file is not the one that was checked."""

    code = "file_changed"
    words = _("検査した後でファイルが変わっています。もう一度指定してください。")


class NoPurposeError(ParcelsError):
    """Personal data are read for a stated purpose only."""

    code = "no_purpose"
    words = _("個人情報を見る目的を書いてください。")


class DecidedError(ParcelsError):
    """The case was decided before."""

    code = "decided"
    words = _("この件（%(number)s）はすでに処理されています：%(state)s")


class NotPermittedError(ParcelsError):
    """The rules of provision do not allow it; `reasons` names each with its lots."""

    code = "not_permitted"
    words = _("提供できません。%(reasons)s")


class BadValueError(ParcelsError):
    """A corrected value does not fit its item."""

    code = "bad_value"
    words = _("「%(item)s」の内容として読めません：%(value)s")


class ExpiryError(ParcelsError):
    """The last day of use lies before the day of provision."""

    code = "expiry"
    words = _("利用期限（%(day)s）が過ぎています。")
