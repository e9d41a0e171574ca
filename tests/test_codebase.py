"""The code base keeps to its own rules."""

import ast
import importlib.util
import io
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import forms
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from louzu.models import FiguresOfDay
from members.ground import audit, dependents
from members.models import Area, Employer, Household, Member, User
from tests.conftest import LONGEST, MATRICES

ROOT = Path(__file__).resolve().parent.parent
OURS = ("members", "activities", "feedback", "louzu")
LONGEST_FILE, LONGEST_FUNCTION, LONG_FUNCTION = 350, 50, 25
HOST = re.compile(r"""(?:https?:)?//[\w-]+(?:\.[\w-]+)+|(?:src|href|action)=["']//""")
ENVIRONMENT = re.compile(r"""\benv(?:\.\w+)?\(\s*"([A-Z_]+)\"""")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
INTERNAL = {
    "id",
    "history_id",
    "history_date",
    "history_change_reason",
    "history_type",
    "history_user",
    "history_relation",
}

MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
OWN = [model for model in MODELS if not hasattr(model, "instance_type")]
SOURCES = sorted(path for app in OURS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PAGES = sorted(
    path
    for folder in ("templates", "static", *(f"{app}/{kind}" for app in OURS for kind in ("templates", "static")))
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".html", ".txt", ".css", ".js", ".svg"}
)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function's name and its length in lines, decorators and docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_read_of_ours_holds_a_cursor_open() -> None:
    """Behind a pooler it may be gone at the next batch; whoever reads much asks for the rows by their numbers."""
    product = [path for app in ("louzu", "members", "activities", "feedback") for path in (ROOT / app).rglob("*.py")]
    assert [path for path in product if ".iterator(" in path.read_text(encoding="utf-8")] == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's own")
def test_no_read_of_a_package_does_either(street_officer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "chunked_cursor", lambda: 1 / 0)
    assert list(User.objects.iterator(chunk_size=1)) == [street_officer]
    assert len(list(forms.ModelChoiceField(User.objects.all()).choices)) == 2


def test_migrations_are_in_step(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, stdout=io.StringIO())


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_models_are_labelled_in_chinese(model: type[models.Model]) -> None:
    assert CHINESE.search(str(model._meta.verbose_name))
    assert str(model._meta.verbose_name_plural) == str(model._meta.verbose_name)


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_fields_on_screen_are_labelled_in_chinese(model: type[models.Model]) -> None:
    shown = [field for field in model._meta.concrete_fields if field.editable and not field.primary_key]
    assert [field.name for field in shown if not CHINESE.search(str(field.verbose_name))] == _never_on_a_form(model)


def _never_on_a_form(model: type[models.Model]) -> list[str]:
    """What the product keeps for itself, in the fields' order."""
    known = {
        "AuditEntry": {"area_path", "previous"},
        "AuditHead": {"hash"},
        "RosterImport": {"asks_columns", "choices", "progress", "beat_at"},
        "ActivityImport": {"asks_columns", "progress", "beat_at"},
    }.get(model.__name__, set())
    return [field.name for field in model._meta.concrete_fields if field.name in known]


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_choices_are_in_chinese(model: type[models.Model]) -> None:
    labels = [str(label) for field in model._meta.concrete_fields for _, label in field.flatchoices]
    assert [label for label in labels if not CHINESE.search(label)] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_names_in_the_database_are_short(model: type[models.Model]) -> None:
    names = [item.name for item in (*model._meta.constraints, *model._meta.indexes)]
    assert [name for name in names if len(name) > 30] == []


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_constraints_speak_chinese(model: type[models.Model]) -> None:
    on_forms = [item for item in model._meta.constraints if not item.name.endswith(("_has_moment", "_demo_of_street"))]
    assert [item.name for item in on_forms if not CHINESE.search(str(item.violation_error_message))] == []


@pytest.mark.parametrize("model", OWN, ids=lambda model: model._meta.label)
def test_what_belongs_somewhere_is_scoped(model: type[models.Model]) -> None:
    related = {field.related_model.__name__ for field in model._meta.concrete_fields if field.related_model}
    if related & {"Area", "Member", "User"} or model.__name__ in {"Area", "Member", "User"}:
        assert callable(getattr(model._default_manager.all(), "for_user", None))


def test_psycopg_3_stays_out() -> None:
    assert importlib.util.find_spec("psycopg") is None
    assert importlib.util.find_spec("psycopg2") is not None


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_pages_ask_no_other_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
    assert HOST.findall(text) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_pins_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert [line for line in pins if "==" not in line] == []
    assert text.count("--hash=sha256:") >= len(pins)


def test_production_pins_are_the_tested_ones() -> None:
    runtime, dev = (
        set(re.findall(r"^[\w.-]+==[\w.]+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert runtime <= dev


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_functions_stay_short() -> None:
    lengths = {f"{short(path)}:{name}": length for path in SOURCES for name, length in functions(path)}
    assert {where: length for where, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    long = [where for where, length in lengths.items() if length > LONG_FUNCTION]
    assert len(long) <= len(lengths) / 10, long


def test_each_class_has_a_name_of_its_own() -> None:
    """One word a thing; only commands are all called as Django wants it."""
    where = defaultdict(list)
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name != "Command":
                where[node.name].append(short(path))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_files_are_named_after_what_they_hold() -> None:
    vague = {"utils", "util", "helpers", "helper", "core", "common", "services", "signals", "misc"}
    assert [short(path) for path in SOURCES + TESTS if path.stem in vague or path.parent.name in vague] == []


def test_every_environment_variable_is_documented() -> None:
    read = set(ENVIRONMENT.findall((ROOT / "louzu/settings.py").read_text(encoding="utf-8"))) | {"LOUZU_LOG"}
    documented = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == read


def test_whatever_goes_with_a_row_leaves_an_entry() -> None:
    """A cascade alone would go unrecorded: say `goes` where the foreign key is registered as a dependent."""
    going = [
        (field.related_model, model, field.name)
        for model, field in KEYS
        if field.remote_field.on_delete is models.CASCADE
        and issubclass(model, audit.Audited)
        and issubclass(field.related_model, audit.Audited)
    ]
    assert len(going) > 8
    missing = [each for each in going if not audit.is_going_with(*each)]
    assert missing == []


HELD = (Area, Employer, Household, Member)
COMPUTED = {FiguresOfDay}  # from other rows: it holds nothing, and goes with what it was counted for
KEYS = [
    (model, field)
    for model in apps.get_models(include_auto_created=True)
    for field in model._meta.get_fields()
    if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is not models.DO_NOTHING
]


@pytest.mark.parametrize("target", HELD, ids=lambda model: model.__name__)
def test_whatever_points_at_it_is_registered_as_a_dependent(target: type[models.Model]) -> None:
    """An undo asks the register what is in use: add yours to the `holders.py` of its app."""
    held = [(model, field) for model, field in KEYS if model not in COMPUTED]
    pointing = [(model, field.name) for model, field in held if field.related_model is target]
    assert len(pointing) > 2
    missing = [
        f"{model.__name__}.{name}" for model, name in pointing if not dependents.is_registered(target, model, name)
    ]
    assert not missing


def test_the_order_of_the_suite_names_files_that_exist() -> None:
    assert [name for name in (*LONGEST, *MATRICES) if not (ROOT / "tests" / name).is_file()] == []
