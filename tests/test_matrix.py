"""Who × page × action → status: the table of docs/design/privacy.md, at the pages and the admin (the API has its own).

Outside the scope is 404, inside it without the right 403; where somebody has no right to a kind of rows at all, the
answer is the same for every number, so either of the two tells nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from members.ground.access import PostKind
from members.models import Area, AuditEntry, Employer, Member, RosterImport, StaffToken, User
from members.rules import moving
from tests import factories
from tests.matrix import (
    FILE,
    LOGIN,
    Clients,
    Table,
    browsers,
    inline,
    reached_from_afar,
    statuses,
    strangers,
    tell_tales,
)
from tests.members.uploads import cells, named_columns, preview, sheet, write

# Own rows are 1号楼, who lives there and who works there; "other" ones lie in the other community of the street, "far"
# ones in the other street. A form that finds fault with what was posted answers 200, one that saved 302.
TABLE: Table = {
    "pages": {
        "GET ": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET nothing/": (404, 404, 404, 404, 404, 404, 404, 404, 404),
        "GET admin/": (302, 302, 302, 302, 302, 302, 302, 302, LOGIN),
        "GET admin/password_change/": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET mine/": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET status/": (200, 200, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET health/live": (200, 200, 200, 200, 200, 200, 200, 200, 200),
        "GET health/ready": (200, 200, 200, 200, 200, 200, 200, 200, 200),  # from this machine, like the next two
        "GET version": (200, 200, 200, 200, 200, 200, 200, 200, 200),
        "GET metrics": (200, 200, 200, 200, 200, 200, 200, 200, 200),
        "GET search/?q=欧阳": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET help/?q=迁出": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET help/print/": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET help/interface/": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET help/interface/print/": (200, 200, 200, 200, 200, 200, 200, 200, LOGIN),
        "GET help/?page=home": (302, 302, 302, 302, 302, 302, 302, 302, LOGIN),
        "GET admin/search/?s=欧阳": (200, 200, 200, 200, 200, 200, 200, LOGIN, LOGIN),
    },
    "roster": {
        "GET roster/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST roster/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "GET roster/template.xlsx": (403, FILE, FILE, 403, 403, 403, 403, 403, LOGIN),
        "GET roster/{import}/": (404, 200, 200, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{other_import}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{import}/progress/": (404, 200, 200, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{other_import}/progress/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{unnamed_import}/columns/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/columns/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{clean_import}/columns/again/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/columns/again/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{import}/places/": (404, 200, 200, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{other_import}/places/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{import}/places/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/places/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{import}/choose/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/choose/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{clean_import}/apply/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/apply/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{clean_import}/apply/": (405, 405, 405, 405, 405, 405, 405, 405, LOGIN),
        "POST roster/{import}/apply-good/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/apply-good/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{import}/discard/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/discard/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{done_import}/undo/": (404, 200, 200, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{done_import}/undo/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{other_import}/undo/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST roster/{other_import}/undo/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{import}/errors.xlsx": (404, FILE, FILE, 404, 404, 404, 404, 404, LOGIN),
        "GET roster/{other_import}/errors.xlsx": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "members": {
        "GET admin/members/member/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/member/add/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/add/": (403, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/member/{member}/change/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/member/{other_member}/change/": (403, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/members/member/{far_member}/change/": (403, 404, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/{member}/change/": (403, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/{other_member}/change/": (403, 302, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/{far_member}/change/": (403, 404, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET members/{member}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET members/{other_member}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{far_member}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET admin/members/member/{member}/history/": (404, 200, 200, 200, 200, 404, 404, LOGIN, LOGIN),
        "GET admin/members/member/{other_member}/history/": (404, 200, 404, 404, 404, 404, 404, LOGIN, LOGIN),
        "GET admin/members/member/{member}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/{member}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/member/export/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/member/export/#unreasoned": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET members/{member}/move/": (404, 200, 200, 403, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/move/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{member}/move/": (404, 302, 302, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{other_member}/move/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{member}/leave/": (404, 200, 200, 403, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/leave/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{member}/leave/": (404, 302, 302, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{far_member}/leave/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{other_member}/leave/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{member}/erase/": (404, 200, 403, 403, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/erase/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{far_member}/erase/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{member}/erase/": (404, 302, 403, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{other_member}/erase/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST moves/{move}/undo/": (404, 302, 302, 403, 403, 404, 404, 404, LOGIN),
        "POST moves/{other_move}/undo/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST moves/{far_move}/undo/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{member}/phone/": (404, 200, 200, 200, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/phone/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{member}/phone/": (404, 200, 200, 200, 403, 404, 404, 404, LOGIN),
        "POST members/{other_member}/phone/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "own files": {
        "GET members/{member}/own-file/": (404, 200, 403, 403, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/own-file/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{far_member}/own-file/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{member}/own-file/": (404, FILE, 403, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{member}/own-file/#unreasoned": (404, 200, 403, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{other_member}/own-file/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{far_member}/own-file/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{member}/looked/": (404, 200, 403, 403, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/looked/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET members/{far_member}/looked/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "employers": {
        "GET admin/members/employer/": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/employer/add/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/employer/add/": (302, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/employer/{employer}/change/": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "POST admin/members/employer/{employer}/change/": (302, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET employers/{employer}/merge/": (200, 200, 403, 403, 403, 404, 404, 404, LOGIN),
        "POST employers/{employer}/merge/": (200, 200, 403, 403, 403, 404, 404, 404, LOGIN),
        "GET admin/members/rostercolumns/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/areaname/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/members/employer/export/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/employer/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "areas": {
        "GET admin/members/area/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/members/area/add/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/area/add/": (302, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/area/{street}/change/": (200, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "GET admin/members/area/{community}/change/": (200, 200, 200, 404, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/members/area/{group}/change/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/members/area/{other_group}/change/": (200, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "GET admin/members/area/{far_group}/change/": (200, 404, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/members/area/{street}/change/": (302, 302, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/area/{community}/change/": (302, 302, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/area/{station}/change/": (302, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/area/{group}/change/": (302, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/area/{other_group}/change/": (302, 302, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET areas/upload/": (200, 200, 403, 403, 403, 403, 403, 403, LOGIN),
        "POST areas/upload/": (200, 200, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET areas/template.xlsx": (FILE, FILE, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET areas/errors.xlsx": (302, 302, 403, 403, 403, 403, 403, 403, LOGIN),  # with nothing to download
        "POST admin/members/area/{group}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/area/export/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/area/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "users": {
        "GET admin/members/user/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/user/add/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/user/add/": (200, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/user/{liaison}/change/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/user/{secretary}/change/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/user/{officer}/change/": (200, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/user/{other_secretary}/change/": (200, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/user/{liaison}/change/": (403, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/user/{secretary}/change/": (403, 302, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/user/{officer}/change/": (302, 403, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/user/{other_secretary}/change/": (403, 302, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/user/{liaison}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET users/{liaison}/password/": (403, 200, 200, 403, 404, 404, 404, 404, LOGIN),
        "POST users/{liaison}/password/": (403, 302, 302, 403, 404, 404, 404, 404, LOGIN),
        "POST users/{secretary}/password/": (403, 302, 403, 404, 404, 404, 404, 404, LOGIN),
        "POST users/{officer}/password/": (302, 403, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST users/{other_secretary}/password/": (403, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET users/{liaison}/unlock/": (403, 200, 200, 403, 404, 404, 404, 404, LOGIN),
        "POST users/{liaison}/unlock/": (403, 302, 302, 403, 404, 404, 404, 404, LOGIN),
        "POST users/{officer}/unlock/": (302, 403, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET users/{officer}/streets/": (200, 403, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST users/{officer}/streets/": (302, 403, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST users/{liaison}/streets/": (403, 403, 403, 403, 404, 404, 404, 404, LOGIN),
        "POST users/{other_secretary}/streets/": (403, 403, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST users/{other_secretary}/unlock/": (403, 302, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "logins": {
        "GET users/table/": (200, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST users/table/": (200, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST users/table/create/": (200, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "GET users/table/template.xlsx": (FILE, FILE, FILE, 403, 403, 403, 403, 403, LOGIN),
        "GET users/slips/": (200, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST second-factor/codes/": (302, 302, 302, 302, 302, 302, 302, 302, LOGIN),  # where no second step is asked
    },
    "posts": {
        "GET admin/members/arearole/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/arearole/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/arearole/{post}/change/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/arearole/{other_post}/change/": (200, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/arearole/{post}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "trail": {
        "GET admin/members/auditentry/": (200, 200, 403, 403, 403, 403, 200, LOGIN, LOGIN),
        "GET admin/members/auditentry/{entry}/change/": (404, 200, 403, 403, 403, 403, 200, LOGIN, LOGIN),
        "POST admin/members/auditentry/{entry}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/auditentry/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/auditentry/{entry}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "tokens": {
        "GET admin/members/stafftoken/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/stafftoken/add/": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/stafftoken/add/": (302, 302, 302, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/stafftoken/{token}/change/": (404, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/stafftoken/{token}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET tokens/{token}/revoke/": (404, 200, 404, 200, 404, 404, 404, 404, LOGIN),
        "POST tokens/{token}/revoke/": (404, 302, 404, 302, 404, 404, 404, 404, LOGIN),
    },
    "coverage": {
        "GET coverage/": (403, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET coverage/{community}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET coverage/{group}/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET coverage/{other_group}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET coverage/{far_street}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET coverage/{group}/print/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET coverage/{other_group}/print/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET coverage/{group}/coverage.xlsx": (404, FILE, FILE, FILE, FILE, FILE, 404, 404, LOGIN),
        "GET coverage/{other_group}/coverage.xlsx": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "district": {
        "GET district/": (403, 403, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET district/months/": (403, 403, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET district/print/": (403, 403, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET district/district.xlsx": (403, 403, 403, 403, 403, 403, 403, 403, LOGIN),
        "GET district/{street}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET district/{far_street}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET district/{street}/print/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET district/{street}/district.xlsx": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "targets": {
        "GET targets/": (403, 302, 302, 403, 403, 302, 403, 403, LOGIN),
        "GET targets/{street}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET targets/{community}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET targets/{other_community}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET targets/{far_street}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET targets/{community}/edit/": (404, 200, 403, 404, 404, 403, 404, 404, LOGIN),
        "POST targets/{community}/edit/": (404, 302, 403, 404, 404, 403, 404, 404, LOGIN),
        "POST targets/{street}/edit/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST targets/{other_community}/edit/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST targets/{far_street}/edit/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET targets/{community}/targets.xlsx": (404, FILE, FILE, 404, 404, FILE, 404, 404, LOGIN),
        "GET targets/{other_community}/targets.xlsx": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "autocompletes": {
        "GET {members}residence.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {members}member.employer": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}user.member": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}arearole.user": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET {members}auditentry.user": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET {members}residence.member": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
    },
}


@pytest.fixture
def users(secretary: User, other_secretary: User, liaison: User, leader: User) -> dict[str, User]:
    return {"secretary": secretary, "other_secretary": other_secretary, "liaison": liaison, "leader": leader}


@pytest.fixture
def rows(
    member: Member, other_member: Member, other_street: Area, street_officer: User, users: dict[str, User]
) -> dict[str, Any]:
    """The numbers that stand in the addresses, by the words that stand for them."""
    areas = {area.name: area for area in Area.objects.all()}
    far = factories.person("外街道人", areas["9号楼"])
    mine, theirs = (areas["第一社区"], users["secretary"]), (areas["第二社区"], users["other_secretary"])
    places = {"move": "1号楼", "other_move": "2号楼", "far_move": "9号楼"}
    gone = {word: factories.person("搬走人", areas[place], room="909") for word, place in places.items()}
    return {
        **{word: moving.leave(person, by=street_officer).pk for word, person in gone.items()},
        "street": areas["新成路街道"].pk, "community": areas["第一社区"].pk, "station": areas["迎晖苑"].pk,
        "group": areas["1号楼"].pk, "other_group": areas["2号楼"].pk, "other_station": areas["仓场公寓"].pk,
        "other_community": areas["第二社区"].pk, "far_group": areas["9号楼"].pk, "far_street": areas["菊园新区"].pk,
        "member": member.pk, "other_member": other_member.pk, "far_member": far.pk,
        "employer": Employer.objects.get().pk,
        "officer": street_officer.pk, **{name: user.pk for name, user in users.items()},
        "post": users["liaison"].roles.get().pk, "other_post": users["other_secretary"].roles.get().pk,
        "entry": AuditEntry.objects.filter(model="members.Member", row=str(member.pk)).latest("pk").pk,
        "token": StaffToken.issue(users["liaison"], label="联络员的")[0].pk,
        "import": preview(sheet(cells("新人甲"), cells("新人乙", 性别="")), *mine).pk,
        "unnamed_import": preview(sheet({"同志": "新人庚", "男女": "男"}), *mine).pk,
        "clean_import": preview(sheet(cells("新人丙")), *mine).pk,
        "done_import": write(preview(sheet(cells("新人丁")), *mine)).pk,
        "other_import": preview(sheet(cells("新人戊", 小区="仓场公寓", 楼组="2号楼")), *theirs).pk,
    }  # fmt: skip


@pytest.fixture
def clients(request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> Clients:
    return browsers(request, logged_in)


@pytest.mark.parametrize("section", TABLE)
def test_status(rows: dict[str, Any], clients: Clients, section: str) -> None:
    found, written_by = statuses(TABLE[section], rows=rows, clients=clients, bodies=bodies)
    assert found == TABLE[section]
    assert written_by == set()


@pytest.mark.parametrize("section", TABLE)
def test_the_other_street_reaches_nothing_here(request: Any, rows: Any, logged_in: Any, section: str) -> None:
    clients = strangers(request, logged_in)
    assert reached_from_afar(TABLE[section], rows=rows, clients=clients, bodies=bodies) == []


@pytest.mark.parametrize("section", TABLE)
def test_what_is_closed_answers_as_what_does_not_exist(rows: Any, clients: Clients, section: str) -> None:
    """Otherwise the numbers could be tried one by one."""
    assert tell_tales(TABLE[section], rows=rows, clients=clients) == []


def bodies(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is posted: a body that saves for whoever may."""
    today = timezone.localdate().isoformat()
    person = {"name": "翟建军", "sex": "male", "affiliation": "local"}
    kept = person | inline("residences", []) | inline("duties", [])
    post = {"kind": PostKind.LIAISON, "area": rows["station"], "since": today}
    user = {"name": "改名", "username": "gaiming", "is_active": "on"} | inline("roles", [])
    upload = {"area": rows["community"], "file": SimpleUploadedFile("名单.csv", sheet(cells("新人己")))}
    tree = SimpleUploadedFile("组织架构.csv", "社区,小区,楼组\n第一社区,迎晖苑,1号楼\n".encode())
    reason = {"format": "0", "reason": "核对三月花名册"}
    return {
        "roster/": upload,
        "roster/{import}/choose/": {"choice-csv!2": "new"},
        "roster/{unnamed_import}/columns/": named_columns(
            RosterImport.objects.get(pk=rows["unnamed_import"]), {"同志": "name"}, affiliation="local"
        ),
        "admin/members/member/add/": person | {"home": rows["group"], "room": "101"},
        **{f"admin/members/member/{{{name}}}/change/": kept for name in ("member", "other_member", "far_member")},
        **{f"members/{{{name}}}/move/": {"to": rows["group"], "on": today} for name in ("member", "other_member")},
        **{f"members/{{{n}}}/leave/": {"on": today} for n in ("member", "other_member", "far_member")},
        **{f"members/{{{n}}}/erase/": {"why": "request"} for n in ("member", "other_member", "far_member")},
        **{
            f"members/{{{name}}}/own-file/": {"means": means, "reason": "本人来要"}
            for name, means in (("member", "in_person"), ("other_member", "link"), ("far_member", "link"))
        },
        **{f"admin/members/{model}/export/": reason for model in ("member", "employer", "area")},
        "admin/members/member/export/#unreasoned": {"format": "0"},
        "admin/members/employer/add/": {"name": "嘉定区实验小学"},
        "admin/members/employer/{employer}/change/": {"name": "嘉定仪表厂"},
        "areas/upload/": {"street": rows["street"], "file": tree},
        "admin/members/area/add/": {"parent": rows["station"], "name": "8号楼"},
        "admin/members/area/{street}/change/": {"name": "改名"},
        "admin/members/area/{community}/change/": {"name": "改名", "parent": rows["street"]},
        "admin/members/area/{station}/change/": {"name": "改名", "parent": rows["community"]},
        "admin/members/area/{group}/change/": {"name": "改名", "parent": rows["station"], "stage": "none"},
        "admin/members/area/{other_group}/change/": {
            "name": "改名", "parent": rows["other_station"], "stage": "none",
        },
        "admin/members/user/add/": {"name": "新人", "username": "xinren"} | inline("roles", [post]),
        **{
            f"admin/members/user/{{{name}}}/change/": user
            for name in ("liaison", "secretary", "officer", "other_secretary")
        },
        **{
            f"users/{{{name}}}/streets/": {"streets": [rows["street"]]}
            for name in ("officer", "liaison", "other_secretary")
        },
        **{
            f"targets/{{{name}}}/edit/": {"year": today[:4], f"groups-{rows[of]}": "3"}
            for name, of in (
                ("street", "community"), ("community", "community"), ("other_community", "other_community"),
                ("far_street", "community"),
            )
        },
        **{f"users/table/{end}": {"text": "姓名,岗位,地方\n陆新来,联络员,第一社区 迎晖苑"} for end in ("", "create/")},
        "admin/members/stafftoken/add/": {"label": "报表"},
        "admin/members/stafftoken/{token}/change/": {"label": "改名"},
        "admin/members/arearole/{post}/change/": post,
    }  # fmt: skip
