from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from louzu.views import (
    balance,
    coverage,
    district,
    home,
    manual,
    monthly,
    months,
    own_files,
    own_link,
    person,
    searching,
    security,
    status,
    targets,
)
from members.web.widgets import Choices

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", searching.show, name="search"),
    path("help/", manual.show, {"book": "manual"}, name="help"),
    path("help/print/", manual.printed, {"book": "manual"}, name="help_print"),
    path("help/interface/", manual.show, {"book": "interface"}, name="help_interface"),
    path("help/interface/print/", manual.printed, {"book": "interface"}, name="help_interface_print"),
    path(".well-known/security.txt", security.security_txt, name="security_txt"),
    path("members/<int:pk>/", person.show, name="person"),
    path("members/<int:pk>/own-file/", own_files.own_file, name="own_file"),
    path("members/<int:pk>/looked/", own_files.who_looked, name="who_looked"),
    path("o/<str:token>/", own_link.link, name="own_link"),
    path("o/<str:token>/correct/", own_link.correct, name="own_link_correct"),
    *(
        path(f"o/<str:token>/own-file.{kind}", own_link.fetch, {"kind": kind}, name=f"own_link_{kind}")
        for kind in ("pdf", "json")
    ),
    path("", include("members.urls")),
    path("", include("activities.urls")),
    path("", include("feedback.urls")),
    path("coverage/", coverage.start, name="coverage_start"),
    path("coverage/<int:pk>/", coverage.show, name="coverage"),
    path("coverage/<int:pk>/print/", coverage.printed, name="coverage_print"),
    path("coverage/<int:pk>/coverage.xlsx", coverage.exported, name="coverage_xlsx"),
    path("status/", status.show, name="status"),
    path("months/", months.start, name="months_start"),
    path("months/<int:pk>/", months.show, name="months"),
    path("months/<int:pk>/print/", months.printed, name="months_print"),
    path("months/<int:pk>/months.xlsx", months.exported, name="months_xlsx"),
    path("balance/", balance.start, name="balance_start"),
    path("balance/<int:pk>/", balance.show, name="balance"),
    path("balance/<int:pk>/print/", balance.printed, name="balance_print"),
    path("balance/<int:pk>/balance.xlsx", balance.exported, name="balance_xlsx"),
    path("district/", district.start, name="district"),
    path("district/months/", district.months, name="district_months"),
    path("district/print/", district.printed, name="district_print"),
    path("district/district.xlsx", district.exported, name="district_xlsx"),
    path("district/<int:pk>/", district.street, name="district_street"),
    path("district/<int:pk>/print/", district.street_printed, name="district_street_print"),
    path("district/<int:pk>/district.xlsx", district.street_exported, name="district_street_xlsx"),
    path("targets/", targets.start, name="targets_start"),
    path("targets/<int:pk>/", targets.show, name="targets"),
    path("targets/<int:pk>/edit/", targets.edit, name="targets_edit"),
    path("targets/<int:pk>/targets.xlsx", targets.exported, name="targets_xlsx"),
    path("monthly/", monthly.start, name="monthly_start"),
    path("monthly/<int:pk>/", monthly.months, name="monthly"),
    path("monthly/<int:pk>/make/", monthly.make, name="monthly_make"),
    path("monthly/<int:pk>/<str:month>/", monthly.show, name="monthly_report"),
    path("monthly/<int:pk>/<str:month>/progress/", monthly.progress, name="monthly_progress"),
    path("monthly/<int:pk>/<str:month>/text/", monthly.write, name="monthly_text"),
    path("monthly/<int:pk>/<str:month>/close/", monthly.close, name="monthly_close"),
    *(
        path(f"monthly/<int:pk>/<str:month>/report.{kind}", monthly.file, {"kind": kind}, name=f"monthly_{kind}")
        for kind in ("pdf", "xlsx", "docx")
    ),
    path("api/v1/", include("louzu.api.urls")),
    path("admin/login/", home.log_in),
    path("admin/password_change/", home.password),
    path("admin/password_change/done/", home.password_changed),
    path("admin/logout/", home.log_out),
    # The landing page replaces the admin's lists of tables.
    path("admin/", RedirectView.as_view(pattern_name="home")),
    path("admin/members/", RedirectView.as_view(pattern_name="home")),
    path("admin/activities/", RedirectView.as_view(pattern_name="home")),
    path("admin/feedback/", RedirectView.as_view(pattern_name="home")),
    path("admin/search/", admin.site.admin_view(searching.palette)),
    path("admin/autocomplete/", admin.site.admin_view(Choices.as_view(admin_site=admin.site))),
    path("admin/", admin.site.urls),
]

handler400 = "louzu.views.errors.bad_request"
handler404 = "louzu.views.errors.not_found"
handler403 = "louzu.views.errors.forbidden"
handler500 = "louzu.views.errors.broken"
