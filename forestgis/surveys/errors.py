"""What can be wrong with a survey, in the user's words; nothing has been stored when one is raised."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from forestgis.errors import ProductError


class SurveyError(ProductError):
    """Base of this app's."""

    code = "survey"


class BatchRefusedError(SurveyError):
    """The engine found faults in the files; `reasons` names file and cause of each."""

    code = "batch_refused"
    words = _("点群ファイルを受け付けられません。\n%(reasons)s")


class PlotsRefusedError(SurveyError):
    """The field plots have faults; `reasons` names row, column and value."""

    code = "plots_refused"
    words = _("標準地（プロット）を受け付けられません。\n%(reasons)s")


class NoSuchFileError(SurveyError):
    """A file or folder is not there, or has no point clouds."""

    code = "no_such_file"
    words = _("ファイルがないか、点群（.las、.laz）が入っていません：%(path)s")


class FilesChangedError(SurveyError):
    """Files are not the ones that were registered."""

    code = "files_changed"
    words = _("登録した後で点群ファイルが変わっています：%(files)s。もう一度登録してください。")


class UnknownParameterError(SurveyError):
    """A setting that runs do not have, or of the wrong type."""

    code = "unknown_parameter"
    words = _("解析の設定が正しくありません：%(name)s（使えるもの：%(known)s）")


class NotYoursError(SurveyError):
    """The acting principal may not write for the municipality."""

    code = "not_yours"
    words = _("この市町村（%(municipality)s）のデータを変更する権限がありません。")


class NotFinishedError(SurveyError):
    """Only a succeeded run with rows can be published."""

    code = "not_finished"
    words = _("計算が完了していないため公開できません（状態：%(state)s）。")


class NotRunningError(SurveyError):
    """The run has ended already, so there is nothing to cancel."""

    code = "not_running"
    words = _("この解析はすでに終わっているか、取り消せません（状態：%(state)s）。")


class UnknownSharingError(SurveyError):
    """No such level of sharing, or named sharing without names."""

    code = "unknown_sharing"
    words = _("公開範囲の指定が正しくありません：%(value)s")


class OverlapError(SurveyError):
    """Another published run covers the same zones and more, which would disappear."""

    code = "overlap"
    words = _(
        "公開中の別の解析（%(run)s）が同じ区域を含み、この解析にない区域が%(lost)s件あります。"
        "先に取り下げるか、置換えを指定してください。"
    )


class ProductMissingError(SurveyError):
    """A file of the run is not where the run says, or is not the one that was stored."""

    code = "product_missing"
    words = _("成果品のファイルがないか、内容が登録時と違います：%(path)s")
