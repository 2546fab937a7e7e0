package xlsx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// tokens writes what the scanner sees in a form that encoding/xml's tokens can
// be written in too. Text between two tags is one, however it comes.
func tokens(r io.Reader) (string, error) {
	var b, text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			fmt.Fprintf(&b, "%q", text.String())
			text.Reset()
		}
	}
	for s := newXMLScanner(r); ; {
		kind, err := s.next()
		if err != nil {
			return b.String(), err
		}
		switch kind {
		case xmlEOF:
			return b.String(), nil
		case xmlText:
			text.Write(s.text)
		case xmlEnd:
			flush()
			fmt.Fprintf(&b, "</%s>", s.name)
		case xmlStart:
			flush()
			fmt.Fprintf(&b, "<%s", s.name)
			for _, a := range s.attrs {
				fmt.Fprintf(&b, " %s=%q", a.name, a.value)
			}
			b.WriteString(">")
		}
	}
}

// reference is tokens by encoding/xml.
func reference(doc []byte) (string, error) {
	var b, text strings.Builder
	depth := 0
	flush := func() {
		if text.Len() > 0 {
			fmt.Fprintf(&b, "%q", text.String())
			text.Reset()
		}
	}
	for d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf")))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		switch token := token.(type) {
		case xml.CharData:
			if depth > 0 {
				text.Write(token)
			}
		case xml.EndElement:
			depth--
			flush()
			fmt.Fprintf(&b, "</%s>", token.Name.Local)
		case xml.StartElement:
			depth++
			flush()
			fmt.Fprintf(&b, "<%s", token.Name.Local)
			for _, a := range token.Attr {
				fmt.Fprintf(&b, " %s=%q", a.Name.Local, a.Value)
			}
			b.WriteString(">")
		}
	}
}

func xmlSeeds() []string {
	return []string{
		`<a/>`, `<a b="c" x:d='e'>t</a>`, "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\r\nb\rc</a>\n",
		`<a>&lt;&amp;&#65;&#x41;<![CDATA[<&]]]]><!-- c --></a>`, `<a b=">"/>`, `<a b="]]>&quot;"></a >`, `<a:b xmlns:a="u"><a:c/></a:b>`,
		`<a>é😀</a>`, `<?pi x?><a><?pi?></a><!--x-->`, xlsxtest.Rows(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`),
	}
}

func TestXMLScannerAgrees(t *testing.T) {
	for _, doc := range xmlSeeds() {
		want, err := reference([]byte(doc))
		if err != nil {
			t.Fatal(doc, err)
		}
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(doc), "byte by byte": iotest.OneByteReader(strings.NewReader(doc))} {
			if got, err := tokens(r); err != nil || got != want {
				t.Errorf("%s, %s: got %s, %v; want %s", doc, name, got, err, want)
			}
		}
	}
}

func TestXMLScannerRefuses(t *testing.T) {
	for doc, want := range map[string]error{
		"": errXML, " ": errXML, "<": errXML, "<a": errXML, "<a>": errXML, "<a></b>": errXML, "</a>": errXML, "<a/><b/>": errXML, "x<a/>": errXML, "<a/>x": errXML,
		`<a b/>`: errXML, `<a b=c/>`: errXML, `<a b="1"c="2"/>`: errXML, `<a b="1" b="2"/>`: errXML, `<a b="<"/>`: errXML, `<a b="x/>`: errXML,
		`<a>&nbsp;</a>`: errXML, `<a>&#0;</a>`: errXML, `<a>&#xD800;</a>`: errXML, `<a>&</a>`: errXML, `<a>]]></a>`: errXML, "<abc>\x00</abc>": errXML, "<a>\xff</a>": errXML, "<a>\uffff</a>": errXML,
		`<a><!-- -- --></a>`: errXML, `<a><!--`: errXML, `<a><![CDATA[x`: errXML, `<1/>`: errXML, `<a:/>`: errXML, `<:a/>`: errXML, `<a:b:c/>`: errXML, `<a><?xml version="1.0"?></a>`: errXML, `< a/>`: errXML, `<![CDATA[x]]><a/>`: errXML,
		`<!DOCTYPE a><a/>`: errDTD, `<a><!DOCTYPE a></a>`: errDTD, `<!ENTITY x "y"><a/>`: errDTD,
		"\xff\xfe<\x00a\x00": errEncoding, "\xfe\xff\x00<": errEncoding, "<\x00a\x00": errEncoding, `<?xml version="1.0" encoding="utf-7"?><a/>`: errEncoding, `<?xml version='1.0' encoding='UTF-16'?><a/>`: errEncoding,
		strings.Repeat("<a>", 300):                                   errXML,
		"<a>" + strings.Repeat("x", limits.XMLToken+1) + "</a>":      errXML,
		`<a b="` + strings.Repeat("x", limits.XMLToken+1) + `"></a>`: errXML,
	} {
		if got, err := tokens(strings.NewReader(doc)); !errors.Is(err, want) {
			t.Errorf("%.60q: got %.60q, %v; want %v", doc, got, err, want)
		}
	}
	broken := errors.New("disk")
	if _, err := tokens(io.MultiReader(strings.NewReader("<a>"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a reader's error became %v", err)
	}
}

// FuzzXMLScanner: what the scanner accepts, encoding/xml accepts too and reads
// the same.
func FuzzXMLScanner(f *testing.F) {
	for _, doc := range xmlSeeds() {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := tokens(bytes.NewReader(doc))
		if err != nil {
			return
		}
		want, err := reference(doc)
		if err != nil {
			if strings.Contains(err.Error(), "xml: ") || strings.Contains(err.Error(), "version") {
				return // encoding/xml refuses versions and declarations that hold nothing for us
			}
			t.Fatalf("accepted %q, which encoding/xml does not: %v", doc, err)
		}
		if got != want {
			t.Fatalf("%q: got %s, want %s", doc, got, want)
		}
	})
}
