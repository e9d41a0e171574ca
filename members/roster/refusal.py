"""Sentences for files that are refused as a whole: one a cause, saying what to do."""

EMPTY = "文件是空的，里面没有任何内容。请确认选对了文件，再重新上传。"
PICTURE = "这是一张图片，不是表格。请上传名单的 Excel 或 WPS 表格原文件。"
DOCUMENT = "这是一份 PDF 或 Word 文档，不是表格。请上传名单的 Excel 或 WPS 表格原文件。"
WEB_PAGE = "这是一个网页文件，只是用了表格的名字。请用 Excel 或 WPS 打开它，另存为 xlsx 后再上传。"
BINARY = "读不出这个文件，它不是表格。请上传 Excel、WPS 表格或 CSV 文件。"
ARCHIVE = "这是一个压缩包，不是表格。请先解压，再上传里面的表格文件。"
OTHER_WORKBOOK = "暂时读不了这种表格格式。请用 Excel 或 WPS 打开它，另存为 xlsx 后再上传。"
ENCRYPTED = "这个表格设置了打开密码。请用 Excel 或 WPS 打开它，取消密码，保存后再上传。"
MACROS = "这个表格带有宏，为了安全不能读取。请用 Excel 或 WPS 打开它，另存为 xlsx（不带宏）后再上传。"
DAMAGED = "这个表格文件已损坏，读不出内容。请用 Excel 或 WPS 打开它，另存为 xlsx 后再上传。"
DAMAGED_XLS = "这个旧版表格（xls）已损坏或版本太老，读不出内容。请用 Excel 或 WPS 打开它，另存为 xlsx 后再上传。"
TOO_LARGE = "文件超过 10 MB，太大了。请删去图片和不用的工作表，或分成几个文件上传。"
UNPACKS_TOO_LARGE = "文件展开后太大，为了安全没有读取。请把名单部分复制到一个新表格里，保存后再上传。"
TOO_FAR = (
    "表格的范围太大：有内容或格式写在第 60000 行以下或第 200 列以右。请把名单部分复制到一个新表格里，保存后再上传。"
)
NOT_COMPUTED = "表格里的公式都没有算出结果。请用 Excel 打开它，保存一次，再重新上传。"
TOO_MANY_ROWS = "表格一共超过 60,000 行。请删去名单以外的工作表，或按社区分成几个文件，逐个上传。"
BROKEN_CSV = "这个 CSV 文件读不出表格，可能有引号没有成对。请用 Excel 或 WPS 打开它，另存为 xlsx 后再上传。"
KEY_LOST = "原文件已经不能读取，请重新上传。"


class UnreadableFile(Exception):
    """A file that cannot be read at all; `sentence` is Chinese and is shown to the secretary unchanged."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
