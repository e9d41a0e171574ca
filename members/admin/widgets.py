"""Widgets of the admin that take what is posted by hand."""

from django.contrib.admin import widgets

TOO_LONG = 19  # digits: more than a database's integer holds


class Autocomplete(widgets.AutocompleteSelect):
    """Django's own asks the database for whatever was posted when the form is shown again; only numbers are ids."""

    def optgroups(self, name, value, attrs=None):
        ids = [each for each in value if str(each).isdecimal() and len(str(each)) < TOO_LONG]
        return super().optgroups(name, ids, attrs)
