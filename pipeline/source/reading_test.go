package source

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

func TestS03Windows1250(t *testing.T) {
	_, _, err := readCase(t, "s03-windows-1250.csv", Options{})
	refused(t, err, Error{Row: 2, Reason: "is not UTF-8", Hint: "--encoding windows-1250 (Jósef, Wiśniewski, Długa)"})
	if strings.Contains(err.Error(), "1252") {
		t.Error(err)
	}
	_, _, err = readCase(t, "s03-windows-1250.csv", Options{Encoding: "windows-1252"})
	refused(t, err, Error{Line: 2, Reason: "not in windows-1252", Hint: "--encoding windows-1250 ("})
	_, rows, err := readCase(t, "s03-windows-1250.csv", Options{Encoding: "windows-1250"})
	if err != nil || rows[1].Values[0] != "Michał" {
		t.Error(rows, err)
	}
}

func TestS03Windows1251(t *testing.T) {
	_, _, err := readCase(t, "s03-windows-1251.csv", Options{})
	refused(t, err, Error{Row: 2, Reason: "is not UTF-8", Hint: "--encoding windows-1251 (Иван, Примеров, ул)"})
	_, _, err = readCase(t, "s03-windows-1251.csv", Options{Encoding: "windows-1252"})
	refused(t, err, Error{Line: 2, Reason: "not in windows-1252", Hint: "--encoding windows-1251 ("})
	_, rows, err := readCase(t, "s03-windows-1251.csv", Options{Encoding: "windows-1251"})
	if err != nil || rows[0].Values[0] != "Иван" {
		t.Error(rows, err)
	}
}

// encodingOf finds the encoding of a name that --encoding accepts.
func encodingOf(t *testing.T, name string) encoding.Encoding {
	t.Helper()
	switch name {
	case "cp850":
		return charmap.CodePage850
	case "cp852":
		return charmap.CodePage852
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return enc
}

// lists are names and places as their people write them.
func TestEncodingIsProposed(t *testing.T) {
	for _, c := range []struct {
		encoding, words string
		refuses1252     bool // read as windows-1252 they are no words
	}{
		{"windows-1252", "José Müller Renée François Åsa Jørgensen Peña São Sacré-Cœur Þór", false},
		{"windows-1252", "José", false},
		{"windows-1252", "Jürgen Groß Straße Jäger", false},
		{"windows-1250", "Michał Żółty Długa Łódź Wiśniewski Kościuszki", true},
		{"windows-1250", "Jiří Dvořák Němec Plzeň", true},
		{"windows-1250", "Szőke Győr Erdős Ödön", false},
		{"windows-1251", "Иван Петров Москва Мария Сергеева улица", true},
		{"windows-1251", "Олександр Шевченко Київ Харків вулиця", true},
		{"windows-1253", "Γιάννης Παπαδόπουλος Αθήνα Μαρία Ελένη", true},
		{"windows-1254", "Yılmaz Şahin Ayşe İstanbul Çağlar Güneş", true},
		{"windows-1255", "דוד כהן ירושלים שרה לוי", true},
		{"windows-1256", "محمد أحمد القاهرة فاطمة علي", true},
		{"windows-1257", "Jānis Bērziņš Rīga Kęstutis Žukauskas", false},
		{"windows-874", "สมชาย ใจดี กรุงเทพ", true},
		{"gbk", "张伟 王芳 北京市 朝阳区 李明", true},
		{"shift_jis", "山田 太郎 東京都 鈴木 さくら カタカナ", true},
		{"euc-kr", "김철수 이영희 서울시 강남구", true},
		{"big5", "陳大文 臺北市 信義區 王小明", true},
		{"euc-jp", "山田 太郎 東京都 さくら", true},
		{"iso-8859-2", "Małgorzata Żółty Łódź Wiśniewski Gąska", true},
		{"koi8-r", "Иван Петров Москва Мария Сергеева", true},
		{"macintosh", "José Müller Renée Núñez", true},
		{"cp850", "José Müller Renée Jäger", true},
		{"cp852", "Michał Żółty Długa Łódź", true},
		{"cp866", "Иван Петров Москва Мария", true},
	} {
		t.Run(c.encoding+" "+c.words, func(t *testing.T) {
			enc := encodingOf(t, c.encoding)
			var text strings.Builder
			text.WriteString(head)
			for _, word := range strings.Fields(c.words) {
				text.WriteString(word + "," + word + ",a@b.example\n")
			}
			raw, err := enc.NewEncoder().String(text.String())
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = read(t, Options{}, "a.csv", raw)
			refused(t, err, Error{Reason: "not UTF-8", Hint: "--encoding " + c.encoding + " ("})
			for _, word := range strings.Fields(c.words)[:1] {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%v\ndoes not show %s", err, word)
				}
			}
			_, rows, err := read(t, Options{Encoding: c.encoding}, "a.csv", raw)
			if err != nil || rows[0].Values[0] != strings.Fields(c.words)[0] {
				t.Errorf("with its own encoding: %v", err)
			}
			if _, _, err := read(t, Options{Encoding: "windows-1252"}, "a.csv", raw); c.refuses1252 && err == nil {
				t.Error("windows-1252 is accepted")
			} else if !c.refuses1252 && err != nil && c.encoding == "windows-1252" {
				t.Error(err)
			}
		})
	}
}

// Words that are right in their encoding are not refused.
func TestEncodingIsTaken(t *testing.T) {
	for encoding, words := range map[string]string{
		"windows-1252": "Þór Ýmir Guðrún Sigurþór Jørgensen Bøe Øyvind Høeg Nicolò Niccolò Mª N° Œdipe Schœlcher Hœnheim «Café» L’Haÿ-les-Roses O´Brien McÉwan à É Àngel Col·legi 100m²",
		"macintosh":    "José Åsa Øystein",
		"iso-8859-15":  "Cœur Žižka €",
	} {
		enc := encodingOf(t, encoding)
		text := head
		for _, word := range strings.Fields(words) {
			text += word + ",x,a@b.example\n"
		}
		raw, err := enc.NewEncoder().String(text)
		if err != nil {
			t.Fatal(encoding, err)
		}
		if _, _, err := read(t, Options{Encoding: encoding}, "a.csv", raw); err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

// UTF-8 is no other encoding.
func TestEncodingOfUTF8(t *testing.T) {
	for _, encoding := range []string{"windows-1252", "windows-1251", "gbk", "shift_jis", "macintosh"} {
		for _, words := range []string{"José,Müller", "Иван,Петров", "张伟,李明"} {
			_, _, err := read(t, Options{Encoding: encoding}, "a.csv", head+words+",a@b.example\n")
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s read as %s: %v", words, encoding, err)
			}
		}
		if _, _, err := read(t, Options{Encoding: encoding}, "a.csv", head+"Ann,Lee,a@b.example\n"); err != nil {
			t.Error(err)
		}
	}
}

func TestEncodingOfTwoLists(t *testing.T) {
	_, _, err := read(t, Options{}, "a.csv", head+"José,Müller,a@b.example\nZoë,Renée,c@d.example\nJos\xe9,Roe,e@f.example\n")
	refused(t, err, Error{Row: 4, Reason: "as most of the file is", Hint: "joined"})
}

func TestISO2022JP(t *testing.T) {
	enc := encodingOf(t, "iso-2022-jp")
	raw, err := enc.NewEncoder().String(head + "太郎,山田,a@b.example\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{raw, strings.Replace(raw, "\n", "\n"+strings.Repeat("Ann,Lee,c@d.example\n", 5_000), 1)} {
		_, _, err = read(t, Options{}, "a.csv", text)
		refused(t, err, Error{Reason: "ISO-2022-JP", Hint: "--encoding iso-2022-jp (太郎)"})
	}
	_, rows, err := read(t, Options{Encoding: "iso-2022-jp"}, "a.csv", raw)
	if err != nil || rows[0].Values[1] != "山田" {
		t.Error(rows, err)
	}
}
