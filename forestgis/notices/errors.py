"""What can be wrong with a notice, treatment or plan, in the user's words; nothing has been stored when one is raised."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from forestgis.errors import ProductError


class NoticesError(ProductError):
    """Base of this app's."""

    code = "notices"


class NotYoursError(NoticesError):
    """The acting principal may not write for the municipality."""

    code = "not_yours"
    words = _("この市町村（%(municipality)s）の届出を変更する権限がありません。")


class NoPersonsError(NoticesError):
    """Handling personal data is not among the duties of the acting person's role."""

    code = "no_persons"
    words = _("この事務の担当者ではないため、個人情報を扱えません。")


class WrongStateError(NoticesError):
    """The step does not follow from where the notice is."""

    code = "wrong_state"
    words = _("状態が「%(state)s」のため、この操作はできません。")


class OrderError(NoticesError):
    """Days in an order that cannot be."""

    code = "order"
    words = _("日付の順序が正しくありません：%(first)s → %(second)s")


class NotConformingError(NoticesError):
    """A letter of conformity was asked for a notice that does not conform."""

    code = "not_conforming"
    words = _("市町村森林整備計画に適合しないとした届出に、適合通知書は出せません。")


class BadAttachmentError(NoticesError):
    """A file that is not taken."""

    code = "bad_attachment"
    words = _("「%(name)s」は受け付けられません：%(reason)s")


class BadAreaError(NoticesError):
    """An area that cannot be read or lies elsewhere."""

    code = "bad_area"
    words = _("区域を読めません：%(reason)s")


class UnknownStandError(NoticesError):
    """Names of 小班 that the register does not have."""

    code = "unknown_stand"
    words = _("森林簿にない小班です：%(names)s")


class BadLineError(NoticesError):
    """A line of a plan that cannot be read."""

    code = "bad_line"
    words = _("この行を読めません：%(line)s（%(reason)s）")


class NotCertifiableError(NoticesError):
    """A plan that does not hold what it must."""

    code = "not_certifiable"
    words = _("認定できません。%(reasons)s")


class NumberTakenError(NoticesError):
    """A number of certification that another plan has."""

    code = "number_taken"
    words = _("認定番号%(number)sは、別の計画で使われています。")
