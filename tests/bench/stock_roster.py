"""The stock import of a roster, by django-import-export as its documentation shows: a resource, a dry run, an import.

A careful team writes this resource in a day. It maps columns by heading, gets or creates the employer, finds the
building by its full name in one indexed query, finds the member by the digest of the ID number, and saves the residence
with the member. All else is the package's default. simple-history records each save; our audit trail is switched off.
"""

from datetime import date
from typing import Any
from unittest import mock

from django.utils import timezone
from import_export import fields, resources, widgets
from import_export.formats.base_formats import XLSX

from members.ground.sealing import digest
from members.models import Area, Employer, Member, Residence

CODES = {
    "性别": {"男": "male", "女": "female"},
    "党员类别": {"正式党员": "full", "预备党员": "probationary"},
    "在职/在册": {"在职": "in_post", "在册": "local"},
    "职务层次": {"处级": "division", "科级": "section"},
}


class StockMemberResource(resources.ModelResource):
    """Members, each with the residence of its row."""

    name = fields.Field("name", "姓名")
    sex = fields.Field("sex", "性别")
    birth_date = fields.Field("birth_date", "出生年月")
    id_digest = fields.Field("id_digest", "身份证号")
    phone = fields.Field("phone", "联系电话")
    standing = fields.Field("standing", "党员类别")
    party_since = fields.Field("party_since", "入党时间")
    affiliation = fields.Field("affiliation", "在职/在册")
    employer = fields.Field("employer", "工作单位", widgets.ForeignKeyWidget(Employer, "name"))
    rank = fields.Field("rank", "职务层次")
    skills = fields.Field("skills", "特长")
    remark = fields.Field("remark", "备注")

    class Meta:
        model = Member
        import_id_fields = ["id_digest"]
        fields = (
            *("name", "sex", "birth_date", "id_digest", "phone", "standing", "party_since", "affiliation"),
            *("employer", "rank", "skills", "remark"),
        )

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.street = Area.objects.get(level=Area.Level.STREET)

    def before_import_row(self, row: dict, **kwargs: Any) -> None:
        for heading, codes in CODES.items():
            row[heading] = codes.get(row[heading], "")
        for heading in ("特长", "备注"):
            row[heading] = row[heading] or ""
        row["身份证号"] = digest(row["身份证号"], purpose="id")
        if row["工作单位"]:
            Employer.objects.get_or_create(name=row["工作单位"], defaults={"credit_code": row["统一社会信用代码"]})

    def before_save_instance(self, instance: Member, row: dict, **kwargs: Any) -> None:
        instance.street = self.street

    def after_save_instance(self, instance: Member, row: dict, **kwargs: Any) -> None:
        group = Area.objects.get(label=f"{row['社区']} {row['小区']} {row['楼组']}")
        home = Residence.objects.filter(member=instance, until=None).first() or Residence(member=instance)
        home.area, home.room, home.joined_on = group, row["室号"] or "", _joined_on(row["参加楼组党小组"])
        home.save()


def bring_in(content: bytes) -> int:
    """Preview and import the roster; return how many members came in."""
    with mock.patch("members.ground.audit.record"):
        for dry_run in (True, False):
            result = StockMemberResource().import_data(XLSX().create_dataset(content), dry_run=dry_run)
            assert not result.has_errors(), result.row_errors()[:1]
            assert not result.has_validation_errors()
    return result.totals["new"]


def _joined_on(text: str) -> date | None:
    return timezone.localdate() if text == "是" else None
