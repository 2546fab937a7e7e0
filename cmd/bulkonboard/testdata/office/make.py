import datetime
import openpyxl
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

head = ["Customer No.", "First name", "Last name", "E-mail", "Mobile", "Purpose", "IP", "Terms accepted", "Program", "Wallet",
        "Street", "City", "State", "ZIP", "Country", "Joined", "Balance", "Note"]
rows = [
    ["007", "Ann", "Roe", "ann@example.com", "+14155550123", "cards", "203.0.113.9", True, "custodial", None, "1 Main St\nFlat 2", "Boston", "MA", "02139", "US", datetime.date(2020, 3, 1), 12.5, "vip"],
    ["008", "Bea", "Roe", "bea@example.com", 14155550124, "cards", "203.0.113.9", True, "custodial", None, None, "Boston", "MA", 2139, "US", datetime.datetime(2020, 3, 1, 12, 30), 0.1, None],
    ["009", '=B2&"a"', "Roe", '=LOWER("CID")&"@example.com"', "+14155550125", "cards", "203.0.113.9", "=TRUE()", "custodial", None, None, None, None, None, "US", None, None, "formula"],
    ["010", "Dan", "Roe", "dan@example.com", "+14155550126", "cards", "203.0.113.9", False, "custodial", None, None, None, None, datetime.date(2024, 3, 4), "US", None, None, None],
    ["011", "Eve", "Roe", "eve@example.com", datetime.date(2024, 12, 3), "cards", "203.0.113.9", True, "non custodial", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", None, None, None, None, "US", None, None, None],
    ["012", "Flo", "Roe", "flo@example.com", "+14155550128", "cards", "203.0.113.9", "yes", "custodial", 5.2908400790236e+47, None, None, None, None, "US", None, None, None],
    ["013", "Gus", "Roe", "ANN@example.com", "+14155550129", "cards", "203.0.113.9", "yes", "custodial", None, None, None, None, None, "US", None, None, None],
    ["Total", None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, "=SUM(Q4:Q10)", None],
]
wb = openpyxl.Workbook()
ws = wb.active
ws.title = "Kunden & Co. '24"
ws.append(["Customers of March"])
ws.merge_cells("A1:R1")
ws["A1"].font = Font(bold=True, size=18)
ws.append([])
ws.append(head)
for row in rows:
    ws.append(row)
ws.freeze_panes = "B4"
ws.auto_filter.ref = "A3:R10"
ws.column_dimensions["D"].width = 40
ws.column_dimensions["Q"].hidden = True
ws.row_dimensions[9].hidden = True
ws["D4"].fill = PatternFill("solid", fgColor="FFE2F0D9")
choice = DataValidation(type="list", formula1='"custodial,non_custodial"')
ws.add_data_validation(choice)
choice.add("I4:I100")
ws.conditional_formatting.add("Q4:Q20", CellIsRule(operator="lessThan", formula=["1"], fill=PatternFill("solid", bgColor="FFC7CE")))
ws["E5"].comment = Comment("is this right?", "Zoë")
rates = wb.create_sheet("Rates")
rates["A1"] = "x"
rates["B1"] = "='Kunden & Co. ''24'!Q4*2"
rates.sheet_state = "hidden"
wb.defined_names.append(DefinedName("customers", attr_text="'Kunden & Co. ''24'!$A$3:$R$10"))
wb.save("openpyxl-rich.xlsx")
