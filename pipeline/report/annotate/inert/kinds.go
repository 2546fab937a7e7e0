package inert

// relationKind returns in words what a relationship leads to; "" is for what no
// reader misses.
func relationKind(kind string) string {
	if name, ok := map[string]string{
		// copied
		"worksheet": "", "styles": "", "sharedStrings": "", "theme": "", "comments": "", "vmlDrawing": "", "threadedComment": "", "person": "", "table": "",
		"hyperlink": "",                                             // counted where a cell has it
		"calcChain": "", "volatileDependencies": "", "metadata": "", // of formulas
		"core-properties": "", "extended-properties": "", "thumbnail": "", "officeDocument": "",
		"pivotCacheDefinition": "", "slicerCache": "", "timelineCache": "", // of things in sheets
		"rdRichValueStructure": "", "rdRichValueTypes": "", "sheetMetadata": "", "namedSheetViews": "", "featurePropertyBag": "", "revisionHeaders": "", "usernames": "",
		"externalLink": "link to another workbook", "externalLinkPath": "link to another workbook",
		"connections": "data connection", "queryTable": "query table", "pivotTable": "pivot table",
		"vbaProject": "macro project", "xlMacrosheet": "macro sheet", "xlIntlMacrosheet": "macro sheet",
		"dialogsheet": "dialog sheet", "chartsheet": "chart sheet",
		"drawing": "drawing", "image": "picture", "chart": "chart",
		"oleObject": "embedded object", "package": "embedded object", "control": "control", "ctrlProp": "control", "activeXControlBinary": "control",
		"printerSettings": "printer setting", "customProperty": "custom property", "custom-properties": "custom property",
		"customXml": "custom XML part", "xmlMaps": "custom XML part", "tableSingleCells": "custom XML part",
		"extensibility": "custom ribbon", "customUI": "custom ribbon", "attachedToolbars": "custom ribbon",
		"webextensiontaskpanes": "add-in", "webextension": "add-in", "origin": "digital signature",
		"slicer": "slicer", "timeline": "timeline", "rdRichValue": "linked data type", "rdArray": "linked data type", "richValueRel": "linked data type",
		"rdRichValueWebImage": "picture from the web",
	}[kind]; ok {
		return name
	}
	return "part of another kind"
}

// elementKind returns in words what a dropped element was; "" is for what no
// reader misses, or its relationship names.
func elementKind(name string) string {
	return map[string]string{
		"hyperlink": "hyperlink", "dataValidation": "data validation", "cfRule": "conditional format", "definedName": "defined name",
		"sheetCalcPr": "", "scenario": "scenario", "protectedRange": "protected range", "customSheetView": "custom view", "customWorkbookView": "custom view",
		"webPublishItem": "web publication", "webPublishObject": "web publication", "smartTagType": "smart tag", "cellSmartTags": "smart tag", "dataRef": "consolidation",
		"functionGroup": "macro function group",
		"ext":           "extension",
	}[name]
}
