package ledger

import (
	"bytes"
	"slices"
)

// Detail is one field of a row whose change is reported.
type Detail struct{ Name, Value string }

// Details are keyed hashes (under a secret of the ledger's own) of the details of a
// row: 4 bytes each in the order of Info.DetailNames, without zeros at the end. They
// show that a field changed, not what it was. nil means: not known.
type Details []byte

// DetailNames are the names of all details that a ledger has kept, in the order of
// Details. The list only grows: a program with more fields, or with another order of
// them, reads the hashes of an earlier one right.
type DetailNames []string

// Add returns the names with those of the details that are new at the end.
func (n DetailNames) Add(details []Detail) DetailNames {
	for i := range details {
		if n.indexOf(details, i) < 0 {
			n = append(slices.Clip(n), details[i].Name)
		}
	}
	return n
}

// Values returns the values of details in the order of the names; nil for nil.
func (n DetailNames) Values(details []Detail) []string {
	if details == nil {
		return nil
	}
	values := make([]string, len(n))
	for i := range details {
		if at := n.indexOf(details, i); at >= 0 {
			values[at] = details[i].Value
		}
	}
	return values
}

// indexOf returns where the name of a detail is, -1 for nowhere.
func (n DetailNames) indexOf(details []Detail, i int) int {
	if i < len(n) && n[i] == details[i].Name {
		return i
	}
	return slices.Index(n, details[i].Name)
}

// unreportedDetail is the address of registration: it differs in every export.
const unreportedDetail = "ipAddress"

// Changed returns the names of the fields in which two sets of details differ, in
// the order of the names and without the address of registration; none if either set
// is not known.
func (d Details) Changed(other Details, names DetailNames) []string {
	if d == nil || other == nil {
		return nil
	}
	var changed []string
	for i, name := range names {
		if name != unreportedDetail && !bytes.Equal(d.at(i), other.at(i)) {
			changed = append(changed, name)
		}
	}
	return changed
}

// at returns the hash of a detail, cut to nothing if it is empty.
func (d Details) at(i int) []byte {
	from, to := min(4*i, len(d)), min(4*i+4, len(d))
	return bytes.TrimRight(d[from:to], "\x00")
}
