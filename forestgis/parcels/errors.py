"""What can be wrong with a request on the ledger, in the user's words; nothing has been stored when one is raised."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


class ParcelsError(Exception):
    """Base: `code` for programs, `fields` by name, text in the language of the moment."""

    code: ClassVar[str] = "parcels"
    words: ClassVar[Any] = ""

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.fields = fields

    def __str__(self) -> str:
        return str(self.words) % self.fields


class NotYoursError(ParcelsError):
    """The acting principal may not write for the municipality."""

    code = "not_yours"
    words = _("この市町村（%(municipality)s）の台帳を変更する権限がありません。")


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
