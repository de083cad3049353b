"""What can be wrong with an edit, in the user's words; nothing has been stored when one is raised."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


class EditError(Exception):
    """Base: `code` for programs, text in the language of the moment."""

    code: ClassVar[str] = "edit"
    words: ClassVar[Any] = ""

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.fields = fields

    def __str__(self) -> str:
        return str(self.words) % self.fields


class NotYoursError(EditError):
    """The acting principal may not write for the municipality."""

    code = "not_yours"
    words = _("この市町村（%(municipality)s）の森林簿を変更する権限がありません。")


class ChangedMeanwhileError(EditError):
    """Somebody else has changed the record since it was read; `labels` names the 小班."""

    code = "changed_meanwhile"
    words = _("読み込んだあとに、ほかの人が変更しました：%(labels)s")


class NothingToUndoError(EditError):
    """There is no such change of the register that the acting principal could take back."""

    code = "nothing_to_undo"
    words = _("取り消せる変更がありません。")


class ChangedSinceError(EditError):
    """What the change wrote has been changed again, so that taking it back would lose that."""

    code = "changed_since"
    words = _("そのあとに別の変更があるため、取り消せません：%(labels)s")
