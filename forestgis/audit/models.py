"""The trail. The database writes it (`forestgis/audit/sql`); no role of the application can change or delete a row."""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.contrib.postgres.indexes import BrinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """One row that was written, one bulk write of many, or one reading of personal data."""

    class Action(models.TextChoices):
        """What was done."""

        INSERT = "insert", _("登録")
        UPDATE = "update", _("変更")
        DELETE = "delete", _("削除")
        READ = "read", _("個人情報の閲覧")

    at = models.DateTimeField(_("日時"))
    # Of the signed principal. No foreign keys: the trail outlives people and organisations.
    user_id = models.BigIntegerField(_("利用者"), null=True)
    organisation_id = models.BigIntegerField(_("組織"), null=True)
    principal_kind = models.CharField(_("主体"), max_length=10, blank=True)
    database_role = models.CharField(max_length=63)
    transaction_id = models.BigIntegerField(_("一連の操作"))
    action = models.CharField(_("操作"), max_length=6, choices=Action.choices)
    table_name = models.CharField(_("表"), max_length=63)
    row_key = models.CharField(_("行"), max_length=200, blank=True)
    municipality_code = models.CharField(_("市町村"), max_length=5, null=True)  # noqa: DJ001 - of no municipality
    row_count = models.PositiveIntegerField(_("件数"), default=1)
    before = models.JSONField(_("変更前"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("変更後"), null=True, encoder=DjangoJSONEncoder)
    purpose = models.CharField(_("目的"), max_length=200, blank=True)
    # For administrators only: accounts, personal data, and every reading.
    confidential = models.BooleanField(default=False)

    class Meta:
        """Order, name and keys of the table."""

        ordering = ("-id",)
        verbose_name = _("操作記録")
        indexes = (
            models.Index(fields=["table_name", "row_key", "id"], name="audit_entry_row"),
            models.Index(fields=["municipality_code", "id"], name="audit_entry_municipality"),
            models.Index(fields=["user_id", "id"], name="audit_entry_user"),
            BrinIndex(fields=["at"], name="audit_entry_at"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.table_name} {self.row_key}"

    @property
    def table_title(self) -> str:
        """What the table holds, in words; its name where no model is known any more."""
        return table_titles().get(self.table_name, self.table_name)


def table_titles() -> dict[str, str]:
    """Return what each table of the product holds, in the reader's language, by table name."""
    return {model._meta.db_table: str(model._meta.verbose_name) for model in _product_models()}


@cache
def _product_models() -> tuple[type[models.Model], ...]:
    """Return the models with rows of their own; those over views are left out."""
    found = apps.get_models()
    return tuple(m for m in found if m.__module__.startswith("forestgis.") and m._meta.managed)
