package inert

import (
	"encoding/xml"
	"regexp"
	"strings"
)

// copyTheme returns a theme with the colours and the two fonts of the sender's,
// which cells use. The rest is for drawings, and may hold pictures.
func copyTheme(data []byte) ([]byte, error) {
	names := []string{"dk1", "lt1", "dk2", "lt2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6", "hlink", "folHlink"} // ECMA-376 part 1, 20.1.6.2
	colours := map[string]string{"dk1": "000000", "lt1": "FFFFFF", "dk2": "44546A", "lt2": "E7E6E6", "accent1": "4472C4", "accent2": "ED7D31",
		"accent3": "A5A5A5", "accent4": "FFC000", "accent5": "5B9BD5", "accent6": "70AD47", "hlink": "0563C1", "folHlink": "954F72"}
	fonts := map[string]string{"majorFont": "Calibri Light", "minorFont": "Calibri"}
	isColour := regexp.MustCompile(`^[0-9A-Fa-f]{6}$`)
	inside := ""
	err := eachElement(data, func(_ *xml.Decoder, at xml.StartElement) error {
		name := at.Name.Local
		switch {
		case colours[name] != "" || fonts[name] != "":
			inside = name
		case name == "srgbClr" || name == "sysClr":
			value := attr(at, "val")
			if name == "sysClr" {
				value = attr(at, "lastClr")
			}
			if colours[inside] != "" && isColour.MatchString(value) {
				colours[inside] = strings.ToUpper(value)
			}
		case name == "latin" && fonts[inside] != "" && attr(at, "typeface") != "":
			fonts[inside] = attr(at, "typeface")
		case name == "fmtScheme":
			inside = ""
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(header + `<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Office"><a:themeElements><a:clrScheme name="Office">`)
	for _, name := range names {
		b.WriteString("<a:" + name + `><a:srgbClr val="` + colours[name] + `"/></a:` + name + ">")
	}
	b.WriteString(`</a:clrScheme><a:fontScheme name="Office">`)
	for _, name := range []string{"majorFont", "minorFont"} {
		b.WriteString("<a:" + name + `><a:latin typeface="` + escapeXML(fonts[name]) + `"/><a:ea typeface=""/><a:cs typeface=""/></a:` + name + ">")
	}
	const plainFill = `<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>`
	const line, effect = `<a:ln w="6350">` + plainFill + `</a:ln>`, `<a:effectStyle><a:effectLst/></a:effectStyle>`
	b.WriteString(`</a:fontScheme><a:fmtScheme name="Office"><a:fillStyleLst>` + strings.Repeat(plainFill, 3) + `</a:fillStyleLst><a:lnStyleLst>` + strings.Repeat(line, 3) +
		`</a:lnStyleLst><a:effectStyleLst>` + strings.Repeat(effect, 3) + `</a:effectStyleLst><a:bgFillStyleLst>` + strings.Repeat(plainFill, 3) + `</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>`)
	return []byte(b.String()), nil
}
