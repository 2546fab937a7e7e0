package annotate

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate/inert"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// changed writes the workbook with one of its parts changed or added; nil
// leaves it out.
func changed(t *testing.T, workbook, part string, change func([]byte) []byte) string {
	t.Helper()
	z, err := zip.OpenReader(workbook)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	found := false
	for _, f := range z.File {
		text := unzipped(t, f)
		if f.Name == part {
			if found, text = true, change(text); text == nil {
				continue
			}
		}
		w, err := out.Create(f.Name)
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		w, err := out.Create(part)
		if err == nil {
			_, err = w.Write(change(nil))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(booktest.Dir(t), "changed.xlsx")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func unzipped(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// plainWorkbook has no comments yet.
func plainWorkbook(t *testing.T) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	path := filepath.Join(booktest.Dir(t), "plain.xlsx")
	if err := errors.Join(f.SetSheetName("Sheet1", "Customers"), f.SetCellStr("Customers", "C3", "bad"), f.SaveAs(path)); err != nil {
		t.Fatal(err)
	}
	return path
}

// line 69: Excel opens no .xlsx that holds macros, or says that it does.
func TestAnnotateMacros(t *testing.T) {
	const types, rels = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
	put := func(before, text string) func([]byte) []byte {
		return func(part []byte) []byte { return bytes.Replace(part, []byte(before), []byte(text+before), 1) }
	}
	a := annotation()
	a.Workbook = changed(t, plainWorkbook(t), types, put("</Types>", `<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>`))
	a.Workbook = changed(t, a.Workbook, types, func(part []byte) []byte {
		return bytes.ReplaceAll(part, []byte("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"), []byte("application/vnd.ms-excel.sheet.macroEnabled.main+xml"))
	})
	a.Workbook = changed(t, a.Workbook, rels, put("</Relationships>", `<Relationship Id="rId99" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/>`))
	a.Workbook = changed(t, a.Workbook, "xl/vbaProject.bin", func([]byte) []byte { return []byte("macros") })
	path := filepath.Join(booktest.Dir(t), "out.xlsx")
	done, err := Write(t.Context(), atomicfile.Writer{}, path, a)
	if err != nil || done.Copy || !slices.Contains(done.Dropped, inert.Count{Kind: "macro project", N: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		text := string(unzipped(t, f))
		if strings.HasPrefix(f.Name, "xl/vba") || strings.Contains(text, "/vbaProject\"") || strings.Contains(text, "/vbaProject.bin") || strings.Contains(text, "macroEnabled") {
			t.Errorf("%s still has macros: %s", f.Name, text)
		}
		if f.Name == rels && !strings.Contains(text, "/worksheet") {
			t.Errorf("the sheets are lost: %s", text)
		}
	}
}

// What small programs leave out of a workbook, and excelize panics without.
func TestAnnotateFontWithoutName(t *testing.T) {
	a := annotation()
	a.Workbook = changed(t, plainWorkbook(t), "xl/styles.xml", func(styles []byte) []byte {
		return regexp.MustCompile(`<name [^>]*>(</name>)?`).ReplaceAll(styles, nil)
	})
	done, f := annotate(t, a)
	if done.Copy || len(booktest.SheetComments(t, f, "Customers")) == 0 {
		t.Errorf("%+v", done)
	}
}

func TestAnnotateWithoutStyles(t *testing.T) {
	a := annotation()
	a.Workbook = changed(t, libreOffice, "xl/styles.xml", func([]byte) []byte { return nil })
	if done, f := annotate(t, a); !done.Copy || len(booktest.SheetComments(t, f, "Customers")) == 0 {
		t.Errorf("%+v", done)
	}
}

// A panic before anything is written is a workbook that cannot be kept; the
// rows are copied then.
func TestAnnotatePanic(t *testing.T) {
	k, err := openKept(new(annotation()), booktest.Dir(t), limits.KeptCells)
	if err != nil {
		t.Fatal(err)
	}
	k.notes = nil
	var out bytes.Buffer
	if _, err := k.write(&out); !errors.Is(err, errNotKept) || out.Len() > 0 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}
