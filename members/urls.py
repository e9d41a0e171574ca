from django.urls import path

from members.views import areas, homes, roster, users

app_name = "members"

urlpatterns = [
    path("members/<int:pk>/move/", homes.move, name="move"),
    path("members/<int:pk>/leave/", homes.leave, name="leave"),
    path("members/<int:pk>/phone/", homes.phone, name="phone"),
    path("users/<int:pk>/password/", users.reset_password, name="reset_password"),
    path("users/<int:pk>/unlock/", users.unlock, name="unlock"),
    path("tokens/<int:pk>/revoke/", users.revoke_token, name="revoke_token"),
    path("areas/upload/", areas.upload, name="areas_upload"),
    path("areas/template.xlsx", areas.template, name="areas_template"),
    path("roster/", roster.index, name="roster_index"),
    path("roster/template.xlsx", roster.template, name="roster_template"),
    path("roster/<int:pk>/", roster.show, name="roster"),
    path("roster/<int:pk>/progress/", roster.progress, name="roster_progress"),
    path("roster/<int:pk>/choose/", roster.choose, name="roster_choose"),
    path("roster/<int:pk>/apply/", roster.apply, name="roster_apply"),
    path("roster/<int:pk>/apply-good/", roster.apply_good, name="roster_apply_good"),
    path("roster/<int:pk>/discard/", roster.discard, name="roster_discard"),
    path("roster/<int:pk>/undo/", roster.undo, name="roster_undo"),
    path("roster/<int:pk>/errors.xlsx", roster.error_book, name="roster_error_book"),
]
