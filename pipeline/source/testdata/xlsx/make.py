import datetime, openpyxl
wb=openpyxl.Workbook()
ws=wb.active; ws.title="Kunden 2024"
ws.append(["email","number","date","formula","flag","rich"])
ws.append(["jane@example.com",14155552671,datetime.date(2024,2,29),"=1+1",True,"plain"])
ws.append(["max@example.org",1.1,datetime.datetime(2024,2,29,13,30),"=A2",False,"line\nbreak"])
ws.append(["eva@example.net",12345678901234567890,datetime.time(8,15),"#N/A",None,"_x000D_ as written"])
ws["B4"].number_format="0"
ws.append(["merged@example.com","m1","m2"])
ws.merge_cells("B5:C5")
ws.row_dimensions[3].hidden=True
ws.column_dimensions["F"].hidden=True
h=wb.create_sheet("Notes"); h["A1"]="hidden notes"; h.sheet_state="hidden"
c=wb.create_chartsheet("Chart")
wb.save("openpyxl-mixed.xlsx")
wb=openpyxl.Workbook(); wb.epoch=openpyxl.utils.datetime.CALENDAR_MAC_1904
ws=wb.active; ws.append(["email","since"]); ws.append(["jane@example.com",datetime.date(2024,2,29)])
wb.save("openpyxl-1904.xlsx")
wb=openpyxl.Workbook(); wb.active.append(["email"]); wb.active.append(["a@example.com"]); wb.create_sheet("B b").append(["email"])
wb.save("openpyxl-two-sheets.xlsx")
