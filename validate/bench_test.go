package validate

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// BenchmarkCheck is the whole of a clean row; most of it is libphonenumber.
func BenchmarkCheck(b *testing.B) {
	rules, raw := Rules{}, sound()
	b.ReportAllocs()
	for b.Loop() {
		if r := rules.Check(raw); !r.Valid() {
			b.Fatal(findings(r))
		}
	}
	reportRows(b)
}

// BenchmarkCheckCountry compares the phone number with the country too.
func BenchmarkCheckCountry(b *testing.B) {
	rules, raw := Rules{Live: true}, sound()
	raw.IPAddress, raw.CountryCode = "198.18.0.1", "US"
	b.ReportAllocs()
	for b.Loop() {
		if r := rules.Check(raw); len(r.Problems) != 0 {
			b.Fatal(findings(r))
		}
	}
	reportRows(b)
}

// BenchmarkCheckButPhone is all rules but the phone number's, which fails at
// once for being empty.
func BenchmarkCheckButPhone(b *testing.B) {
	rules, raw := Rules{}, sound()
	raw.PhoneNumber = ""
	raw.Address, raw.City, raw.PostalCode, raw.CountryCode = "1 Main Street", "San Francisco", "94105", "US"
	b.ReportAllocs()
	for b.Loop() {
		if r := rules.Check(raw); len(r.Problems) != 1 {
			b.Fatal(findings(r))
		}
	}
	reportRows(b)
}

// BenchmarkCheckWallet adds a checksum and a URL.
func BenchmarkCheckWallet(b *testing.B) {
	rules, raw := Rules{}, sound()
	raw.PhoneNumber, raw.Program, raw.WalletAddress, raw.RedirectURL = "", nonCustodial, mixedCase, "https://company.com/welcome"
	b.ReportAllocs()
	for b.Loop() {
		if r := rules.Check(raw); len(r.Problems) != 1 {
			b.Fatal(findings(r))
		}
	}
	reportRows(b)
}

// BenchmarkLibphonenumber is what Check cannot go below.
func BenchmarkLibphonenumber(b *testing.B) {
	phone := sound().PhoneNumber
	b.ReportAllocs()
	for b.Loop() {
		n, err := phonenumbers.Parse(phone, "")
		if err != nil || !phonenumbers.IsValidNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != phone {
			b.Fatal(err)
		}
	}
	reportRows(b)
}

func reportRows(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
