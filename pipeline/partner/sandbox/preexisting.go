package sandbox

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// ReadPreexisting reads Config.Preexisting from CSV with a header. The column
// email must be there; firstName, lastName, program, status, serviceId and
// createdAt (RFC 3339) may be; others are passed over. Errors name the line.
func ReadPreexisting(in io.Reader) ([]User, error) {
	bounded := limits.NewRecordReader(in)
	r := csv.NewReader(bounded)
	r.ReuseRecord = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("line 1: there is no header; write one with the column email")
	}
	if err != nil {
		return nil, err
	}
	columns := make(map[string]int, len(header))
	for i, name := range header {
		columns[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	if _, ok := columns["email"]; !ok {
		return nil, errors.New("line 1: there is no column email")
	}
	var users []User
	for {
		bounded.NextRecord()
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return users, nil
		}
		if err != nil {
			return nil, err
		}
		cell := func(name string) string {
			if i, ok := columns[name]; ok {
				return strings.Clone(strings.TrimSpace(record[i]))
			}
			return ""
		}
		if len(users) == limits.Existing {
			return nil, fmt.Errorf("there are more than %s users", limits.FormatCount(limits.Existing))
		}
		u := User{ServiceID: cell("serviceid"), Email: cell("email"), FirstName: cell("firstname"), LastName: cell("lastname"),
			Program: cell("program"), Status: cell("status")}
		line, _ := r.FieldPos(0)
		if u.Email == "" {
			return nil, fmt.Errorf("line %d: the email is empty", line)
		}
		if at := cell("createdat"); at != "" {
			if u.CreatedAt, err = time.Parse(time.RFC3339, at); err != nil {
				return nil, fmt.Errorf("line %d: createdAt is not a time such as 2026-01-31T12:00:00Z", line)
			}
		}
		users = append(users, u)
	}
}
