"""The roster's columns: their headings, words in longer headings, and headings of somebody or something else."""

HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "党员姓名"),
    "sex": ("性别",),
    "id_number": ("身份证", "身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "证件编号", "证件号码"),
    "birth_date": ("出生年月", "出生日期", "出生时间", "生日"),
    "phone": ("联系电话", "手机", "手机号", "手机号码", "联系手机", "联系方式", "电话"),
    "standing": ("党员类别", "人员类别", "政治面貌"),
    "party_since": ("入党时间", "入党日期", "入党年月", "加入党组织日期", "接收预备党员日期"),
    "affiliation": ("在职/在册", "在职在册", "党员类型", "组织关系"),
    "employer": ("工作单位", "单位", "单位名称", "工作单位及职务", "单位、职务或职业", "所在单位"),
    "credit_code": ("统一社会信用代码", "信用代码"),
    "rank": ("职务层次", "职务级别", "职级"),
    "community": ("社区", "居委", "居委会"),
    "station": ("小区", "所在小区", "住宅小区", "联络站"),
    "group": ("楼组", "楼号", "楼栋", "楼"),
    "room": ("室号", "门牌", "房号", "单元室号"),
    "address": ("家庭住址", "住址", "家庭现住址", "现住址", "现居住地址", "居住地址", "家庭地址", "地址", "居住地"),
    "joined": ("参加楼组党小组", "是否参加楼组党小组", "参加楼组党小组日期"),
    "skills": ("特长", "专长", "专业特长"),
    "fate": ("党籍状态", "党员状态", "人员状态", "是否在世", "在世情况", "变动情况", "去向"),
    "remark": ("备注",),
}
DATE_FIELDS = ("birth_date", "party_since", "joined")
# The first word that a heading has decides.
WITHIN = (
    ("身份证", "id_number"),
    ("公民身份", "id_number"),
    ("信用代码", "credit_code"),
    ("楼组党小组", "joined"),
    ("出生", "birth_date"),
    ("生日", "birth_date"),
    ("住址", "address"),
    ("地址", "address"),
    ("居住", "address"),
    ("手机", "phone"),
    ("电话", "phone"),
    ("联系方式", "phone"),
    ("姓名", "name"),
    ("性别", "sex"),
    ("党员类别", "standing"),
    ("人员类别", "standing"),
    ("政治面貌", "standing"),
    ("入党", "party_since"),
    ("加入党组织", "party_since"),
    ("在职", "affiliation"),
    ("在册", "affiliation"),
    ("职级", "rank"),
    ("职务层次", "rank"),
    ("特长", "skills"),
    ("专长", "skills"),
    ("党籍", "fate"),
    ("在世", "fate"),
    ("小区", "station"),
    ("社区", "community"),
    ("居委", "community"),
    ("楼组", "group"),
    ("楼号", "group"),
    ("楼栋", "group"),
    ("楼幢", "group"),
    ("幢号", "group"),
    ("室号", "room"),
    ("房号", "room"),
    ("门牌", "room"),
    ("单位", "employer"),
    ("备注", "remark"),
)
FOREIGN = (
    "配偶", "爱人", "家属", "家人", "子女", "父亲", "母亲", "紧急", "联系人", "介绍人", "推荐人", "户籍", "户口",
    "籍贯", "出生地", "负责人", "书记", "组长", "联络员", "结对", "党组织名称", "所在党", "党支部",
    "单位地址", "单位电话", "单位性质", "单位类型", "单位类别", "办公电话", "办公地址", "入党地", "入党所在",
    "原单位", "曾用名", "填表", "审核", "社区人口",
)  # fmt: skip
BY_CONTENT = ("id_number", "phone", "sex", "station", "community", "employer")
LABELS = {
    "fate": "是否已去世、转出", "address": "家庭住址（一格写全）", "affiliation": "在职/在册", "name": "姓名",
}  # fmt: skip


def label(name: str) -> str:
    """Return what a field is called on the columns page."""
    return LABELS.get(name, HEADINGS[name][0])
