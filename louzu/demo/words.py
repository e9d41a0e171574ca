"""Texts of the demonstration street: activities, needs, deeds. No text names a person."""

from collections.abc import Sequence
from typing import NamedTuple

from activities.models import Activity, Honour
from members.models import Area

Field, Theme = Activity.Field, Honour.Theme
STREET, COMMUNITY, STATION, GROUP = Area.Level
ALL_YEAR: tuple[int, ...] = ()


class Occasion(NamedTuple):
    """A kind of activity: its title, field, result ({} is a number), its months, and how it is classified."""

    title: str
    field: str
    result: str
    months: Sequence[int] = ALL_YEAR
    is_material: bool = False
    is_quiet: bool = False


OCCASIONS: dict[int, tuple[Occasion, ...]] = {
    STREET: (
        Occasion("党员服务广场便民服务日", Field.MUTUAL_HELP, "设摊 {} 个，服务居民。", is_material=True),
        Occasion("“同住一幢楼”邻里节", Field.NEIGHBOURHOOD, "{} 个楼组带来节目和拿手菜。", (5, 9, 10)),
        Occasion("迎新春写春联送福字", Field.CULTURE, "送出春联 {} 副。", (1, 2)),
        Occasion("学雷锋志愿服务集市", Field.MUTUAL_HELP, "修理小家电 {} 件。", (3,), is_material=True),
        Occasion("义务植树和绿地认养", Field.SURROUNDINGS, "新种树苗 {} 棵。", (3, 4)),
        Occasion("防灾减灾科普展", Field.SCIENCE, "展板 {} 块，发放手册。", (5,)),
        Occasion("七一主题文艺汇演", Field.CULTURE, "{} 支楼组队伍登台。", (6, 7)),
        Occasion("八一双拥联欢会", Field.NEIGHBOURHOOD, "和驻地官兵同台，节目 {} 个。", (7, 8)),
        Occasion("国庆歌咏大会", Field.CULTURE, "{} 支社区合唱队参加。", (9, 10)),
        Occasion("消防安全宣传周", Field.STABILITY, "检查楼道 {} 处，演练疏散。", (11,)),
        Occasion("反诈骗宣传进小区", Field.STABILITY, "发放提示卡 {} 份。"),
        Occasion("冬衣棉被捐赠日", Field.MUTUAL_HELP, "收到衣被 {} 件。", (11, 12), is_material=True),
    ),
    COMMUNITY: (
        Occasion("社区清洁日", Field.SURROUNDINGS, "清运杂物 {} 车。"),
        Occasion("家电义务维修日", Field.MUTUAL_HELP, "修好小家电 {} 件。", is_material=True),
        Occasion("法律咨询服务日", Field.STABILITY, "接待咨询 {} 次。"),
        Occasion("社区读书会", Field.CULTURE, "交流好书 {} 本。"),
        Occasion("垃圾分类知识竞赛", Field.SCIENCE, "{} 个楼组参加。"),
        Occasion("防诈骗情景讲座", Field.STABILITY, "讲案例 {} 个。"),
        Occasion("科普讲座：家庭用电安全", Field.SCIENCE, "现场答问 {} 个。"),
        Occasion("元宵猜灯谜", Field.CULTURE, "猜出灯谜 {} 条。", (2, 3)),
        Occasion("端午邻里包粽子", Field.NEIGHBOURHOOD, "包好粽子 {} 只，分送各楼。", (5, 6)),
        Occasion("中秋邻里联欢", Field.NEIGHBOURHOOD, "演出节目 {} 个。", (9, 10)),
        Occasion("重阳敬老茶话会", Field.NEIGHBOURHOOD, "备茶点 {} 份。", (10, 11)),
        Occasion("暑期少年学堂", Field.CULTURE, "开课 {} 节：书法、科学小实验。", (7, 8)),
        Occasion("防汛防台巡查", Field.STABILITY, "排查隐患 {} 处，已告知物业。", (6, 7, 8), is_quiet=True),
        Occasion("旧物交换市集", Field.MUTUAL_HELP, "交换物品 {} 件。", (4, 5, 10, 11), is_material=True),
        Occasion("文明养宠宣传", Field.SCIENCE, "发放拾便袋 {} 卷。", is_material=True),
    ),
    STATION: (
        Occasion("楼道堆物清理", Field.SURROUNDINGS, "清理楼道 {} 个。"),
        Occasion("护绿浇花", Field.SURROUNDINGS, "养护花坛 {} 处。", (3, 4, 5, 6, 9, 10), is_quiet=True),
        Occasion("小区夜间巡逻", Field.STABILITY, "提醒关好门窗 {} 户。", is_quiet=True),
        Occasion("垃圾分类值守", Field.SCIENCE, "值守 {} 小时。", is_quiet=True),
        Occasion("非机动车停放整理", Field.SURROUNDINGS, "摆齐车辆 {} 辆。", is_quiet=True),
        Occasion("合唱队排练", Field.CULTURE, "排好新歌 {} 首。"),
        Occasion("书法班", Field.CULTURE, "完成作品 {} 幅。"),
        Occasion("太极拳晨练", Field.CULTURE, "学会新动作 {} 式。"),
        Occasion("修伞磨刀便民摊", Field.MUTUAL_HELP, "修伞磨刀 {} 件。", is_material=True),
        Occasion("家电小修小补", Field.MUTUAL_HELP, "修好 {} 件。", is_material=True),
        Occasion("手机课堂：预约和缴费", Field.SCIENCE, "教会 {} 人次。"),
        Occasion("读报会", Field.SCIENCE, "读文章 {} 篇。"),
        Occasion("小区议事会：停车和充电", Field.NEIGHBOURHOOD, "议定办法 {} 条，已交物业。"),
        Occasion("旧书交换角", Field.CULTURE, "交换图书 {} 本。", is_material=True),
        Occasion("邻里手工课", Field.NEIGHBOURHOOD, "做好小物件 {} 件。"),
        Occasion("高温送清凉", Field.MUTUAL_HELP, "送绿豆汤 {} 份。", (7, 8), is_material=True),
        Occasion("扫雪除冰", Field.SURROUNDINGS, "清出道路 {} 条。", (1, 2, 12)),
        Occasion("飞线充电劝导", Field.STABILITY, "劝导 {} 处，都已收起。"),
    ),
    GROUP: (
        Occasion("楼道大扫除", Field.SURROUNDINGS, "清出杂物 {} 袋。"),
        Occasion("擦洗扶手和信箱", Field.SURROUNDINGS, "擦洗 {} 层。", is_quiet=True),
        Occasion("换楼道灯泡", Field.MUTUAL_HELP, "换灯 {} 盏。", is_material=True, is_quiet=True),
        Occasion("布置楼道绿化角", Field.SURROUNDINGS, "添绿植 {} 盆。", is_material=True),
        Occasion("邻里茶话会", Field.NEIGHBOURHOOD, "商定小事 {} 件。"),
        Occasion("楼组读书角换新书", Field.CULTURE, "添书 {} 本。"),
        Occasion("楼道消防器材检查", Field.STABILITY, "检查灭火器 {} 只。", is_quiet=True),
        Occasion("新邻居见面会", Field.NEIGHBOURHOOD, "到场 {} 户。"),
        Occasion("楼组包饺子", Field.NEIGHBOURHOOD, "包饺子 {} 只。", (1, 2, 12)),
        Occasion("给各家贴春联", Field.CULTURE, "贴春联 {} 副。", (1, 2), is_material=True),
        Occasion("楼前赏月", Field.NEIGHBOURHOOD, "到场 {} 户。", (9, 10)),
        Occasion("垃圾分类小课堂", Field.SCIENCE, "答对题目 {} 道。"),
        Occasion("换一期楼道科普窗", Field.SCIENCE, "贴出 {} 张：用电、防火、节水。", is_quiet=True),
        Occasion("代取快递互助", Field.MUTUAL_HELP, "代取 {} 件。", is_quiet=True),
        Occasion("防盗门和门禁维修", Field.STABILITY, "修好 {} 处。", is_material=True),
    ),
}

PLACES: dict[int, tuple[str, ...]] = {
    STREET: ("街道文化中心", "党员服务广场", "新成公园", "街道会议厅"),
    COMMUNITY: ("社区文化活动中心", "社区会议室", "社区广场", "社区学校"),
    STATION: ("小区活动室", "中心花园", "小区门口", "小区凉亭", ""),
    GROUP: ("楼道口", "底楼门厅", "楼前空地", ""),
}
PARTNERS = ("工会", "共青团", "妇联", "物业公司", "业委会", "派出所", "区图书馆", "区文化馆", "老年学校")

# Needs, and the skill that fits; "" where anybody can help.
NEEDS = (
    ("楼道三层的灯不亮，请帮忙看看线路", "水电维修"),
    ("水龙头关不紧，想请人换个垫圈", "水电维修"),
    ("电风扇不转，想请人修一修", "家电维修"),
    ("电视机没有图像，请帮忙看看", "家电维修"),
    ("想请人写一副春联", "书法"),
    ("想跟着学写毛笔字", "书法"),
    ("想学打太极拳，请人带一带", "太极拳"),
    ("合同怎么签，想请教一下", "法律咨询"),
    ("楼前花坛想补种花苗，不知道种什么", "园艺"),
    ("想给全楼邻居拍一张合影", "摄影"),
    ("楼组合唱想请人教两首歌", "合唱"),
    ("想找人练英语口语", "外语"),
    ("旧沙发搬不下楼，请帮忙抬一抬", ""),
    ("单元门口台阶松动，请帮忙反映给物业", ""),
    ("想借一架梯子擦外窗", ""),
    ("楼下晾衣架歪了，请帮忙扶正", ""),
    ("手机不会预约，想请人教一教", ""),
    ("想有人帮忙代取一周快递", ""),
)

VISIT_NOTES = (
    "节日上门问好",
    "帮忙换灯泡",
    "代取快递",
    "送去社区活动通知",
    "一起看了停车新办法",
    "帮忙搬花盆",
    "请来参加楼组活动",
    "教用手机预约",
)
CALLED_BY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林"
CALLED = ("阿姨家", "师傅家", "老师家", "大姐家", "叔叔家", "奶奶家")

DEEDS = {
    "": "楼道常年无堆物，党员家庭与邻居结对互助，楼里的事在议事会上商量着办，全楼一起把公共部位管得整整齐齐。",
    Theme.STUDY: "底楼设读书角，藏书由各家捐出，每月一次读书会，暑假为楼里的孩子开书法和读书小课堂。",
    Theme.ARTS: "楼里组成合唱队和太极拳队，每周排练，带着节目参加社区联欢和街道歌咏大会。",
    Theme.SCIENCE: "办起科普橱窗，每季换一期，请懂行的党员讲用电、防火和垃圾分类，全楼垃圾分类做得好。",
    Theme.ARMY: "与驻地官兵长年共建，八一、春节上门送春联，一起打扫营区门前道路，为官兵义务理发修伞。",
    Theme.GREEN: "各家认养楼前花坛，楼道每层有绿化角，自制堆肥浇花，一年四季有花看。",
}

SENTENCES = (
    "感谢您下班以后还惦记着楼里的事。",
    "楼道整治多亏您搭把手，邻居们都说好。",
    "谢谢您把一技之长用在社区里。",
    "欢迎有空再来，活动照旧在家门口。",
)
OBJECTIONS = ("三月那次大扫除我出差了，没有参加。", "读书会我只来过一次，请核对。")
ANSWERS = (
    "已收到，感谢社区对我单位党员的关心。",
    "已转告本人所在党支部，谢谢社区。",
    "很好，欢迎社区今后有需要随时联系我们。",
    "收到。已在支部会上通报，感谢社区的组织。",
)
OFFERS = (
    ("venue", "会议室周末开放", "周六、周日白天可用，能坐 60 人，有投影，请提前三天说。"),
    ("talk", "防诈骗讲座", "每季度一次，讲师由单位安排，时间可商量。"),
    ("hands", "志愿者十名", "周末可以来帮忙整治楼道、搬运物资。"),
    ("goods", "旧电脑五台", "可供社区活动室使用，需要自己来搬。"),
)
WISHES = ("周末可以帮忙", "愿意教老人用手机", "可以义务写春联", "晚上能参加楼道巡查")
