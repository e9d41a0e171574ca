"""The admin's autocomplete, for values that a hand-made request may carry."""

from django.apps import apps
from django.contrib.admin import widgets
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import FieldDoesNotExist, PermissionDenied

TOO_LONG = 19  # digits: more than a database's integer holds


class Autocomplete(widgets.AutocompleteSelect):
    """Drops posted values that are no ids: Django's own would look each of them up when it shows the form again."""

    def optgroups(self, name, value, attrs=None):
        ids = [each for each in value if str(each).isdecimal() and len(str(each)) < TOO_LONG]
        return super().optgroups(name, ids, attrs)


class Choices(AutocompleteJsonView):
    """Answers an autocomplete. Django's own fails for a field that is no link to a row."""

    def process_request(self, request):
        if not _is_link(*(request.GET.get(name, "") for name in ("app_label", "model_name", "field_name"))):
            raise PermissionDenied
        return super().process_request(request)


def _is_link(app_label: str, model_name: str, field_name: str) -> bool:
    try:
        field = apps.get_model(app_label, model_name)._meta.get_field(field_name)
    except (LookupError, FieldDoesNotExist):
        return False
    return bool(field.concrete and field.is_relation and field.related_model)
