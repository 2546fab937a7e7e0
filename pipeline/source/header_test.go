package source

import (
	"reflect"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"E-Mail", "email"}, {" e_mail ", "email"}, {"\ufeffEmail", "email"}, {"e\u200bmail", "email"}, {"Prénom", "prenom"}, {"Pre\u0301nom", "prenom"},
		{"ＥＭＡＩＬ", "email"}, {"Город", "город"}, {"電話", "電話"}, {"Address\n(line 1)", "addressline1"}, {"#", ""}, {"№", "no"}, {"\xff\xfe", ""},
	} {
		if got := foldHeader(c.in); got != c.want {
			t.Errorf("fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"email", "emial", 1}, {"email", "emal", 1}, {"email", "mail", 1}, {"kitten", "sitting", 3}, {"город", "горот", 1}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := editDistance(c.b, c.a); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

// line 29: what the columns of a file are taken for.
func TestMapping(t *testing.T) {
	for _, c := range []struct {
		name   string
		header string
		opt    Options
		want   []string // field of each column
		notes  []string // code: text
	}{
		{name: "canonical", header: "firstName,lastName,email", want: []string{"firstName", "lastName", "email"}},
		{name: "reordered", header: "email,city,lastName,firstName", want: []string{"email", "city", "lastName", "firstName"}},
		{name: "case, spaces, accents", header: "FIRST NAME,Last_Name,É-mail", want: []string{"firstName", "lastName", "email"},
			notes: []string{`mapped: "FIRST NAME" is read as firstName`, `mapped: "É-mail" is read as email`}},
		{name: "aliases", header: "Prénom,Nachname,E-Mail address,Teléfono", want: []string{"firstName", "lastName", "email", "phoneNumber"}},
		{name: "canonical beats alias", header: "firstName,lastName,mail,email", want: []string{"firstName", "lastName", "", "email"},
			notes: []string{`nearly: "mail" looks like email, which is read from "email"`, `ignored: "mail"`}},
		{name: "--map beats both", header: "firstName,lastName,mail,email,other", opt: Options{Map: map[string]string{"email": "OTHER"}}, want: []string{"firstName", "lastName", "", "", "email"},
			notes: []string{`nearly: "email" looks like email, which is read from "other"`}},
		{name: "--map takes a column from another field", header: "firstName,lastName,email,city", opt: Options{Map: map[string]string{"phoneNumber": "city"}}, want: []string{"firstName", "lastName", "email", "phoneNumber"}},
		{name: "--map settles two aliases", header: "vorname,given name,lastName,email", opt: Options{Map: map[string]string{"firstName": "given name"}}, want: []string{"", "firstName", "lastName", "email"}},
		{name: "--map prefers the header as written", header: "C++,C#,email,firstName", opt: Options{Map: map[string]string{"lastName": "C#"}}, want: []string{"", "lastName", "email", "firstName"}},
		{name: "unknown", header: "firstName,lastName,email,Shoe size", want: []string{"firstName", "lastName", "email", ""}, notes: []string{`ignored: "Shoe size"`}},
		{name: "another word", header: "firstName,lastName,email,lity,ctiy", want: []string{"firstName", "lastName", "email", "", ""},
			notes: []string{`nearly: "ctiy" looks like city but is not read. If it is that, pass --map city="ctiy"`, `ignored: "lity", "ctiy"`}},
		{name: "nearly", header: "firstName,lastName,email,phoneNubmer", want: []string{"firstName", "lastName", "email", ""},
			notes: []string{`nearly: "phoneNubmer" looks like phoneNumber but is not read. If it is that, pass --map phoneNumber="phoneNubmer"`}},
		{name: "optional", header: "firstName,email", opt: Options{Optional: []string{"lastName"}}, want: []string{"firstName", "email"}},
		{name: "no header", header: "firstName,,lastName,email", want: []string{"firstName", "", "lastName", "email"}, notes: []string{"no_header: column B"}},
		{name: "data among the headers", header: "firstName,lastName,email,ann@x.org", want: []string{"firstName", "lastName", "email", ""}, notes: []string{"ignored: column D"}},
		{name: "line 32: rejects", header: "firstName,lastName,email,onboard_row,onboard_status,onboard_problem", want: []string{"firstName", "lastName", "email", "", "", ""},
			notes: []string{"rejects: onboard_"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, _, err := read(t, c.opt, "a.csv", c.header+"\n"+strings.Repeat("x,", strings.Count(c.header, ","))+"x\n")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, m := range in.Files()[0].Mapped {
				if m.Column != i || m.Header != strings.Split(c.header, ",")[i] {
					t.Errorf("%+v", m)
				}
				got = append(got, m.Field)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, n := range c.notes {
				code, text, _ := strings.Cut(n, ": ")
				if !hasNote(in, code, text) {
					t.Errorf("no note %q in %+v", n, in.Notes())
				}
			}
			if strings.Contains(c.name, "rejects") && len(in.Notes()) != 1 {
				t.Errorf("%+v", in.Notes())
			}
			for _, n := range in.Notes() {
				if strings.Contains(n.Message, "ann@") {
					t.Errorf("shows data: %+v", n)
				}
			}
		})
	}
}

// line 29: a column that is nearly a field is said to be, and a customer's
// number is no IP address.
func TestNear(t *testing.T) {
	m := newMatcher(Options{Fields: []Field{{Name: "email", Aliases: []string{"mail"}}, {Name: "city", Aliases: []string{"town", "ort"}},
		{Name: "postalCode", Aliases: []string{"postcode", "zip"}}, {Name: "ipAddress", Aliases: []string{"customerip", "userip", "ip"}},
		{Name: "lastName", Aliases: []string{"surname"}}, {Name: "countryCode", Aliases: []string{"country", "landcode"}}}})
	for header, want := range map[string]string{
		"E-mail": "email", "emial": "email", "Work e-mail": "email", "e-mail (work)": "email", "workEmail": "email", "email2": "email",
		"City/Town": "city", "Town or city": "city", "Customer city": "city", "customer_city": "city", "Ort / PLZ": "city", "Citty": "city",
		"Zip / Postal": "postalCode", "Postcode [UK]": "postalCode", "Country (ISO)": "countryCode", "(ISO) country": "countryCode", "customer ipp": "",
		"Custmer IP": "ipAddress", "Customer ID": "", "customerid": "", "Customer No.": "", "User ID": "", "userid": "",
		"User name": "", "Bank code": "", "Sort": "", "Cost / Sort": "", "Company name": "", "()": "", "/": "", "": "", strings.Repeat("x ", 200) + "city": "",
	} {
		got := ""
		if i, _ := m.findNear(header); i >= 0 {
			got = m.opt.Fields[i].Name
		}
		if got != want {
			t.Errorf("%q is near %q, want %q", header, got, want)
		}
	}
}

func TestMapPrefersExact(t *testing.T) {
	if got := findColumn([]string{"e mail", "email"}, "email"); got != 1 {
		t.Error(got)
	}
	if got := findColumn([]string{"", "#"}, "#"); got != 1 {
		t.Error(got)
	}
	if got := findColumn([]string{"", " "}, ""); got != -1 {
		t.Error(got)
	}
}

func TestAskedForTwice(t *testing.T) {
	_, _, err := read(t, Options{ID: "c"}, "a.csv", "firstName,lastName,email,C++,C#\n1,2,3,4,5\n")
	refused(t, err, Error{Row: 1, Column: 5, Reason: "same name"})
}

// Whatever the headers: no panic, no column for two fields, no field from two
// columns, and the same answer when they are decorated.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{"firstName,lastName,email", "Vorname,Nachname,E-Mail,mail", ",,", "email,Email", "a,\xff,#", "onboard_row,onboard_status,onboard_problem,email,firstName,lastName", "电话,Город,Prénom"} {
		f.Add(seed, "city")
	}
	f.Fuzz(func(t *testing.T, line, mapped string) {
		header := strings.Split(line, ",")
		m := newMatcher(Options{Fields: fields(), Map: map[string]string{"city": mapped}, Optional: []string{"firstName"}})
		l, refusal := m.readLayout(header, nil)
		if refusal != nil {
			if refusal.Reason == "" || l != nil {
				t.Fatalf("%+v %+v", refusal, l)
			}
			return
		}
		if len(l.mapped) != len(header) || len(l.values) != len(fields()) {
			t.Fatalf("%+v", l)
		}
		seen := map[string]int{}
		for column, taken := range l.mapped {
			if taken.Field == "" {
				continue
			}
			if _, twice := seen[taken.Field]; twice {
				t.Fatalf("%s twice in %q", taken.Field, header)
			}
			seen[taken.Field] = column
			if taken.Field == "city" {
				if foldHeader(header[column]) != foldHeader(mapped) && strings.TrimSpace(header[column]) != strings.TrimSpace(mapped) {
					t.Fatalf("--map %q took %q", mapped, header[column])
				}
			} else if i, found := m.findField(header[column]); !found || m.opt.Fields[i].Name != taken.Field {
				t.Fatalf("%q was taken for %s", header[column], taken.Field)
			}
		}
		for i, column := range l.values {
			if got, found := seen[fields()[i].Name]; found != (column >= 0) || found && got != column {
				t.Fatalf("%v contradicts %v", l.values, l.mapped)
			}
		}
		if _, exact := seen["email"]; !exact {
			t.Fatalf("accepted without email: %q", header)
		}
		decorated := make([]string, len(header))
		for i, h := range header {
			decorated[i] = " " + strings.ReplaceAll(h, "n", "n_") + "\u00a0"
		}
		again, refusal := newMatcher(Options{Fields: fields(), Map: map[string]string{"city": strings.ReplaceAll(mapped, "n", "n_")}, Optional: []string{"firstName"}}).readLayout(decorated, nil)
		if refusal == nil && !reflect.DeepEqual(again.values, l.values) {
			t.Fatalf("%v, decorated %v", l.values, again.values)
		}
	})
}
