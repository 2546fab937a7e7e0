package celltext

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// realNames are names and places as they are written in their own scripts.
func realNames() []string {
	return []string{"José", "Müller", "Łukasz", "Łódź", "Zażółć gęślą jaźń", "Błażej Świątek", "Ștefan Țăran", "BĂŞESCU", "Ăn", "Rău", "Îngeru", "Đặng Thị Hồng", "Nguyễn Văn Ả",
		"Иван", "Рівне", "Сіл Рівне", "Ґалаґан", "Ёлкин", "Γιώργος", "Ωνάσης", "Ægir", "Þórður", "Ðuro", "Åsa Öberg", "Ålesund", "Örkény", "Ñuñoa", "Éric", "Saint–Élie", "Œuvre",
		"L’Haÿ-les-Roses", "Ö", "Å", "Sør-Trøndelag", "Škoda Žižka", "ČSŘŽ", "Šiauliai", "İstanbul", "Iğdır", "ŞIŞLI", "Ñandú", "Ħal Għaxaq", "Mª José", "Nº 5", "D´Angelo", "O’Brien", "„Villa Rosa“",
		"«Нева»", "山田太郎", "北京", "山田 Taro", "ﾔﾏﾀﾞ ﾀﾛｳ", "김철수", "محمد", "אברהם", "สมชาย", "12½ Main Street", "São Paulo", "Straße des 17. Juni", "Łęczna", "Übersee", "Ånge", "Ägypten",
		"Äänekoski", "Öö", "Şule", "Ĺubica", "Ĺudovít", "Ďurčo", "Ľubomír", "ÂME", "Ângela", "Ørsted", "Ütz", "Γ. Παπαδόπουλος", "Ирина–Мария", "Ðặng", "N° 12", "5 – Östra"}
}

func TestRealNamesAreNotMisread(t *testing.T) {
	for _, name := range realNames() {
		if IsMisread(name) {
			t.Errorf("%q looks misread", name)
		}
	}
}

// Names with letters outside ASCII, misread in each of the usual ways.
func TestMisreadNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		as   encoding.Encoding
		of   []string
	}{
		{"Mac Roman", charmap.Macintosh, []string{"José", "Müller", "Łukasz Wójcik", "Ångström", "O’Brien", "Núñez", "Çelik"}},
		{"437", charmap.CodePage437, []string{"José", "Müller", "Łódź", "O’Brien", "Núñez", "Sørensen"}},
		{"850", charmap.CodePage850, []string{"José", "Müller", "Łódź", "O’Brien", "Núñez", "Sørensen"}},
		{"852", charmap.CodePage852, []string{"José", "Müller", "Dvořák"}},
		{"1250", charmap.Windows1250, []string{"José", "Müller", "Wójcik", "Núñez"}},
		{"1251", charmap.Windows1251, []string{"José", "Müller", "Михаил", "Wójcik"}},
		{"1253", charmap.Windows1253, []string{"José", "Müller"}},
		{"GBK", simplifiedchinese.GBK, []string{"José", "Müller"}},
		{"Shift_JIS", japanese.ShiftJIS, []string{"José"}},
	} {
		for _, right := range tt.of {
			wrong, err := tt.as.NewDecoder().String(right)
			if err != nil {
				t.Fatal(err)
			}
			if !IsMisread(wrong) {
				t.Errorf("%s: %q, which is %q, does not look misread", tt.name, wrong, right)
			}
		}
	}
	for _, wrong := range []string{"Jos√©", "M├╝ller", "Micha³", "£ukasz", "¯ó³ty", "¿ó³ty", "Èâàí", "Ïåòðîâ", "JosΘ", "Mⁿller", "M„dchen", "K”ln", "Jos‚", "M÷ller", "Josй"} {
		if !IsMisread(wrong) {
			t.Errorf("%q does not look misread", wrong)
		}
	}
}

// FuzzIsMisread holds that nothing makes it panic, and that ASCII is never misread.
func FuzzIsMisread(f *testing.F) {
	for _, name := range realNames() {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, v string) {
		clean, err := unicode.UTF8.NewDecoder().String(v)
		if err != nil {
			t.Skip(err)
		}
		ascii := true
		for i := range len(clean) {
			ascii = ascii && clean[i] < 0x80
		}
		if IsMisread(clean) && ascii {
			t.Errorf("%q looks misread", clean)
		}
	})
}
