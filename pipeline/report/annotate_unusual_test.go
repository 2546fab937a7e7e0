package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// changed writes the workbook with one of its parts changed; nil leaves it out.
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
	if err := out.Close(); err != nil || !found {
		t.Fatal(part, err)
	}
	path := filepath.Join(t.TempDir(), "changed.xlsx")
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

// What small programs leave out of a workbook, and excelize panics without.
func TestAnnotateFontWithoutName(t *testing.T) {
	a := annotation()
	a.Workbook = changed(t, libreOffice, "xl/styles.xml", func(styles []byte) []byte {
		return regexp.MustCompile(`<name [^>]*>`).ReplaceAll(styles, nil)
	})
	done, f := annotate(t, a)
	if done.Copy || len(commentsOf(t, f, "Customers")) == 0 {
		t.Errorf("%+v", done)
	}
}

func TestAnnotateWithoutStyles(t *testing.T) {
	a := annotation()
	a.Workbook = changed(t, libreOffice, "xl/styles.xml", func([]byte) []byte { return nil })
	if done, f := annotate(t, a); !done.Copy || len(commentsOf(t, f, "Customers")) == 0 {
		t.Errorf("%+v", done)
	}
}

// A panic before anything is written is a workbook that cannot be kept; the
// rows are copied then.
func TestAnnotatePanic(t *testing.T) {
	k, err := openKept(annotation(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k.notes = nil
	var out bytes.Buffer
	if _, err := k.write(&out); !errors.Is(err, errNotKept) || out.Len() > 0 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}
