"""Organisations, the people in them, and the tokens of their programs.

Accounts are no municipality's rows: their policies (migrations) let a person see
the own organisation's people, and the signed principal of kind "login" see all
accounts for the moment of proving who somebody is.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """The prefecture, a municipality, a forestry operator or a contractor."""

    class Kind(models.TextChoices):
        """What the organisation is, which decides what its people see."""

        PREFECTURE = "prefecture", _("道")
        MUNICIPALITY = "municipality", _("市町村")
        OPERATOR = "operator", _("林業経営体")
        CONTRACTOR = "contractor", _("受託者")

    kind = models.CharField(_("種別"), max_length=12, choices=Kind.choices)
    code5 = models.CharField(
        _("団体コード（5桁）"),
        max_length=5,
        unique=True,
        null=True,
        blank=True,
        validators=[RegexValidator(r"^\d{5}$")],
    )
    code6 = models.CharField(_("団体コード（検査数字付き）"), max_length=6, blank=True)
    name = models.CharField(_("名称"), max_length=80, unique=True)
    name_en = models.CharField(_("英語名"), max_length=80, blank=True)

    class Meta:
        """Order, name and rules of the table."""

        ordering = ("code5", "name")
        verbose_name = _("組織")
        constraints = (
            models.CheckConstraint(
                name="accounts_organisation_municipality_has_code",
                condition=~models.Q(kind="municipality") | models.Q(code5__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users with hashed passwords."""

    def create_user(
        self,
        username: str,
        password: str | None = None,
        *,
        organisation: Organisation,
        role: str,
        name: str = "",
        email: str = "",
    ) -> User:
        """Store a user.

        Parameters
        ----------
        username : str
            Unique name for logging in.
        password : str or None
            None stores a password that never matches. Its strength is the caller's to check
            (`django.contrib.auth.password_validation`).
        organisation : Organisation
        role : str
            One of `User.Role`.
        name, email : str
        """
        user = self.model(
            username=self.model.normalize_username(username),
            organisation=organisation,
            role=User.Role(role),
            name=name,
            email=self.normalize_email(email),
        )
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user with this name, and the organisation with it."""
        return self.select_related("organisation").get(username=username)


class User(AbstractBaseUser):
    """A person. Rights come from the organisation's kind and the role, never from flags."""

    class Role(models.TextChoices):
        """What a person does in the organisation."""

        PREFECTURE_ADMIN = "prefecture_admin", _("道の管理者")
        PREFECTURE_STAFF = "prefecture_staff", _("道の職員")
        MUNICIPAL_ADMIN = "municipal_admin", _("市町村の管理者")
        MUNICIPAL_OFFICER = "municipal_officer", _("市町村の担当者")
        ANALYST = "analyst", _("解析者")
        OPERATOR = "operator", _("林業経営体の担当者")
        READER = "reader", _("閲覧者")

    ADMINISTRATOR_ROLES: ClassVar[frozenset[str]] = frozenset(
        {Role.PREFECTURE_ADMIN, Role.MUNICIPAL_ADMIN}
    )
    #: Whose duty it is to know owners and applicants; the same as in `forestgis.accounts.policies`.
    PERSONAL_DATA_ROLES: ClassVar[frozenset[str]] = frozenset(
        {
            Role.PREFECTURE_ADMIN,
            Role.PREFECTURE_STAFF,
            Role.MUNICIPAL_ADMIN,
            Role.MUNICIPAL_OFFICER,
        }
    )
    READ_ONLY_ROLES: ClassVar[frozenset[str]] = frozenset({Role.READER, Role.OPERATOR})

    username = models.CharField(
        _("利用者名"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    name = models.CharField(_("氏名"), max_length=80, blank=True)
    email = models.EmailField(_("電子メール"), blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="users", verbose_name=_("組織")
    )
    role = models.CharField(_("役割"), max_length=20, choices=Role.choices)
    is_active = models.BooleanField(_("有効"), default=True)
    date_joined = models.DateTimeField(_("登録日時"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """Order, name and rules of the table."""

        ordering = ("username",)
        verbose_name = _("利用者")

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        """Return the name to show."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """Return the name to show."""
        return self.get_full_name()

    @property
    def may_write(self) -> bool:
        """Whether the role changes anything at all."""
        return self.role not in self.READ_ONLY_ROLES

    @property
    def is_administrator(self) -> bool:
        """Whether the role looks after the organisation's people and its audit trail."""
        return self.role in self.ADMINISTRATOR_ROLES


class ApiToken(models.Model):
    """A secret for one program of one person (QGIS, a script). Only its hash is kept."""

    class Scope(models.TextChoices):
        """What the program may do."""

        READ = "read", _("閲覧")
        EDIT = "edit", _("編集")

    PREFIX: ClassVar[str] = "fgis_"

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("用途"), max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=8, choices=Scope.choices), verbose_name=_("権限")
    )
    created_at = models.DateTimeField(_("作成日時"), auto_now_add=True)
    expires_at = models.DateTimeField(_("有効期限"))
    revoked_at = models.DateTimeField(_("取消日時"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("最終利用"), null=True, blank=True)

    class Meta:
        """Order, name and rules of the table."""

        ordering = ("-created_at",)
        verbose_name = _("アクセストークン")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.name}"

    @classmethod
    def new_secret(cls) -> str:
        """Return a fresh secret of 256 random bits."""
        return cls.PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def hash_of(secret: str) -> str:
        """Return what is stored of a secret. It is random, so a plain SHA-256 cannot be guessed back."""
        return hashlib.sha256(secret.encode()).hexdigest()

    def is_valid(self, at: datetime) -> bool:
        """Whether the token works at that time."""
        return self.revoked_at is None and at < self.expires_at

    @property
    def may_edit(self) -> bool:
        """Whether the token's scope lets the program write."""
        return self.Scope.EDIT in self.scopes
