"""Copies of a street, made by one SQL statement a table: minutes instead of a day through the rules.

Copies differ only where they must: ids, paths, the street's name, login names, card numbers and their hashes, tokens.
Employers are shared, as in the product. The audit trail is not copied, since its chains are keyed. The receipts of the
copies have no valid signatures.
"""

from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Max

from activities.models import Activity, Attendance, Visit
from feedback.models import CardCode, EmployerKey, Feed, FeedEvent, Receipt, RecordCard, Slip, SlipCode, SlipReceipt
from members.models import Area, Consent, Employer, Member, RosterImport, StaffToken, User
from members.models.attempts import LoginAttempts
from members.models.audit import AuditEntry, AuditHead
from members.models.journal import JournalMark
from members.models.throttles import CallCount
from members.models.workers import WorkerBeat

APPS = ("members", "activities", "feedback")
NOT_COPIED = {Employer, AuditEntry, AuditHead, LoginAttempts, JournalMark, CallCount, WorkerBeat}
# In real use these rows come day by day, so that on disk the streets are mixed; all others come street by street.
DAY_BY_DAY = {Activity: "held_on", Attendance: "recorded_at", Visit: "visited_on", FeedEvent: "at"}

# SQL of a copied column, by the original row `t` and the new street `s`; @ stands for the column.
PATH = "s.path || substr(t.@, 5)"
STREETS_NAME = "CASE WHEN t.level = 1 THEN t.@ || s.number ELSE t.@ END"
HASH = "encode(sha256(convert_to(t.@ || s.number, 'UTF8')), 'hex')"
HASH_IF_ANY = f"CASE WHEN t.@ = '' THEN '' ELSE {HASH} END"
NUMBERS = """replace(t.@, '"' || s.source || '-', '"' || s.path || '-')"""
BODY = f"""replace({NUMBERS}, '"street":"' || s.name || '"', '"street":"' || s.name || s.number || '"')"""
BODYS_DIGEST = f"encode(sha256(convert_to({BODY.replace('@', 'body')}, 'UTF8')), 'hex')"
CARDS_DIGEST = "(SELECT digest FROM feedback_recordcard WHERE id = t.card_id + s.shift)"
OF_CARD = f"""regexp_replace({NUMBERS}, '"digest":"[0-9a-f]*"', '"digest":"' || {CARDS_DIGEST} || '"')"""
EVENT = f"CASE WHEN t.card_id IS NULL THEN {NUMBERS} ELSE {OF_CARD} END"
ADAPTED: dict[tuple[type[models.Model], str], str] = {
    (Area, "path"): PATH,
    (Area, "name"): STREETS_NAME,
    (Area, "label"): STREETS_NAME,
    (RosterImport, "scope_path"): f"CASE WHEN t.@ = '' THEN '' ELSE {PATH} END",
    (Member, "id_digest"): HASH_IF_ANY,
    (Member, "phone_digest"): HASH_IF_ANY,
    (Consent, "token"): f"left({HASH}, 32)",
    (Member, "token"): f"left({HASH}, 32)",
    (User, "username"): "t.@ || s.number",
    (EmployerKey, "prefix"): f"left({HASH}, 10)",
    (StaffToken, "prefix"): f"left({HASH}, 10)",
    (RecordCard, "number"): PATH,
    (RecordCard, "body"): BODY,
    (RecordCard, "digest"): f"CASE WHEN t.body = '' THEN t.@ ELSE {BODYS_DIGEST} END",
    (Feed, "epoch"): f"left({HASH}, 16)",
    (Feed, "last_receipt"): HASH_IF_ANY,
    (FeedEvent, "told"): EVENT,
    (Receipt, "digest"): CARDS_DIGEST,
    (Receipt, "chain"): f"left({HASH}, 16)",
    (Receipt, "previous"): HASH_IF_ANY,
    (Receipt, "hash"): HASH,
    (CardCode, "secret_code"): f"left({HASH}, 22)",
    (SlipCode, "secret_code"): f"left({HASH}, 22)",
    (Slip, "number"): PATH,
    (Slip, "phone_digest"): HASH_IF_ANY,
    (SlipReceipt, "chain"): f"left({HASH_IF_ANY}, 16)",
    (SlipReceipt, "previous"): HASH_IF_ANY,
    (SlipReceipt, "hash"): HASH,
}


@dataclass(frozen=True)
class Original:
    """The only street of the installation, and the distance of its copies' ids, which is above its highest id."""

    street: Area
    shift: int

    @classmethod
    def found(cls) -> "Original":
        """Return the original; the installation must have one street."""
        street = Area.objects.streets().get()
        assert not street.division_code, "its cards' numbers would not begin with its path"
        keys = [model._base_manager.aggregate(last=Max("pk"))["last"] or 0 for model in copied_models()]
        return cls(street, 10 ** len(str(max(keys))))

    def key_in(self, number: int, key: int) -> int:
        """Return the id that the original row with id `key` has in street `number`; the original is street 1."""
        return key + (number - 1) * self.shift

    def copy_to(self, first: int, last: int) -> None:
        """Make the streets from number `first` to number `last`, both included."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no checks of foreign keys meanwhile
            cursor.execute("SET LOCAL work_mem = '256MB'")
            cursor.execute("SET LOCAL statement_timeout = 0")
            for model in copied_models():
                cursor.execute(self._insert(model, first, last))
                cursor.execute(_next_key(model))
            cursor.execute("SET LOCAL session_replication_role = origin")

    def _insert(self, model: type[models.Model], first: int, last: int) -> str:
        values = {field.column: self._value(model, field) for field in model._meta.concrete_fields}
        table, key = model._meta.db_table, model._meta.pk.column
        order = f"t.{DAY_BY_DAY[model]}, s.number" if model in DAY_BY_DAY else "s.number"
        columns = ", ".join(f'"{column}"' for column in values)
        return f"""
            INSERT INTO {table} ({columns}) SELECT {", ".join(values.values())}
            FROM {table} t CROSS JOIN ({self._streets(first, last)}) s
            WHERE t.{key} < {self.shift} ORDER BY {order}, t.{key}
        """

    def _streets(self, first: int, last: int) -> str:
        path, name = self.street.path, self.street.name
        return f"""
            SELECT number, (number - 1) * {self.shift} AS shift, '{path}' AS source, '{name}' AS name,
                lpad(({int(path)} + number - 1)::text, 4, '0') AS path
            FROM generate_series({first}, {last}) number
        """

    @staticmethod
    def _value(model: type[models.Model], field: models.Field) -> str:
        of = getattr(model, "instance_type", model)  # history rows are adapted like their model
        if text := ADAPTED.get((of, field.attname)):
            return text.replace("@", field.column)
        is_key = field.primary_key or (of is not model and field.attname == of._meta.pk.attname)
        is_shifted = is_key or field.related_model in copied_models()
        return f't."{field.column}"' + (" + s.shift" if is_shifted else "")


@cache
def copied_models() -> list[type[models.Model]]:
    """Return the models whose rows belong to a street, including many-to-many tables."""
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.app_label in APPS and model not in NOT_COPIED]


def orphans() -> list[str]:
    """Return the foreign keys (table.column) with broken references; copying does not check them."""
    broken = []
    with connection.cursor() as cursor:
        for model in copied_models():
            for field in (each for each in model._meta.concrete_fields if isinstance(each, models.ForeignKey)):
                target = field.target_field
                cursor.execute(f"""
                    SELECT count(*) FROM {model._meta.db_table} t WHERE t.{field.column} IS NOT NULL AND NOT EXISTS
                    (SELECT 1 FROM {target.model._meta.db_table} f WHERE f.{target.column} = t.{field.column})
                """)
                if cursor.fetchone()[0]:
                    broken.append(f"{model._meta.db_table}.{field.column}")
    return broken


def _next_key(model: type[models.Model]) -> str:
    table, key = model._meta.db_table, model._meta.pk.column
    return f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT max({key}) FROM {table}))"
