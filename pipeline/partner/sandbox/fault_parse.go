package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is one switch: what fails, and whom it strikes. It is made by
// ParseFault, and its selectors may be changed. The zero value of each selector
// does not restrict; several of them must all hold.
type Fault struct {
	Name  string
	Call  string  // the call that it strikes: create, list, wallet, delete or retry; "" = the fault's own
	Value string  // the fault's own setting, as text; "" = its default
	From  int     // strikes from this request of that call on, counted from 1
	To    int     // and up to this one; 0 with From set: to the end
	Email string  // strikes this e-mail in any case; "@example.com" strikes a domain
	Try   int     // strikes only the n-th POST for one e-mail
	Share float64 // strikes this share of the requests, above 0 up to 1; the same ones in each run with the same Seed

	spec   spec
	wait   time.Duration
	count  int
	form   retryForm
	status int
	text   string
	code   string
	amount money
}

// ErrFault is wrapped by every error of ParseFault.
var ErrFault = errors.New("no such fault")

// ParseFault reads [CALL:]NAME[=PART,...]. A part is the fault's own value,
// which comes first (late=2m), or says whom it strikes: a share (0.02 or 2%),
// the n-th request (#3, #3-7, #3-), an e-mail (@jane@example.com), a domain
// (@@example.com), or the n-th POST of each e-mail (try1). Without one, all.
func ParseFault(text string) (Fault, error) {
	head, rest, given := strings.Cut(text, "=")
	f := Fault{Name: head}
	if call, name, ok := strings.Cut(head, ":"); ok {
		f.Call, f.Name = call, name
	}
	known := false
	for _, s := range allSpecs() {
		if s.name == f.Name {
			f.spec, known = s, true
		}
	}
	switch {
	case !known:
		return Fault{}, fmt.Errorf("%w: %q; the names are listed by the help of the sandbox", ErrFault, f.Name)
	case f.Call != "" && !isCall(f.Call):
		return Fault{}, fmt.Errorf("%w: %q: there is no call %q; write create, list, wallet, delete or retry", ErrFault, text, f.Call)
	case given && rest == "":
		return Fault{}, fmt.Errorf("%w: %q ends in '='", ErrFault, text)
	}
	parts := strings.Split(rest, ",")
	if rest == "" {
		parts = nil
	}
	if f.spec.value == valueText && given {
		parts = []string{rest} // texts may hold commas, so such a fault strikes all
	}
	if len(parts) > 0 && f.spec.value != valueNone && (f.spec.needed || !isSelector(parts[0])) {
		f.Value, parts = parts[0], parts[1:]
	}
	if err := f.readValue(); err != nil {
		return Fault{}, fmt.Errorf("%w: %q: %w", ErrFault, text, err)
	}
	for _, p := range parts {
		if err := f.readSelector(p); err != nil {
			return Fault{}, fmt.Errorf("%w: %q: %w", ErrFault, text, err)
		}
	}
	if f.Name == keyDies && f.From == 0 {
		return Fault{}, fmt.Errorf("%w: %q needs the number of a POST, such as %s=#3", ErrFault, text, keyDies)
	}
	return f, nil
}

func isSelector(part string) bool {
	var f Fault
	return f.readSelector(part) == nil
}

func (f *Fault) readSelector(part string) error {
	bad := fmt.Errorf("%q says neither which requests it affects (0.02, 2%%, #3, #3-7, #3-, @jane@example.com, @@example.com, try1) nor what this fault takes", part)
	switch {
	case strings.HasPrefix(part, "@"):
		if f.Email = part[1:]; !strings.Contains(f.Email, "@") {
			return bad
		}
	case strings.HasPrefix(part, "#"):
		from, to, open := strings.Cut(part[1:], "-")
		var errFrom, errTo error
		f.From, errFrom = strconv.Atoi(from)
		switch {
		case !open && f.Name != keyDies:
			f.To = f.From
		case to != "":
			f.To, errTo = strconv.Atoi(to)
		}
		if errFrom != nil || errTo != nil || f.From < 1 || f.To != 0 && f.To < f.From {
			return bad
		}
	case strings.HasPrefix(part, "try"):
		n, err := strconv.Atoi(part[3:])
		if err != nil || n < 1 {
			return bad
		}
		f.Try = n
	default:
		number, percent := strings.CutSuffix(part, "%")
		share, err := strconv.ParseFloat(number, 64)
		if percent {
			share /= 100
		}
		if err != nil || !(share > 0 && share <= 1) {
			return bad
		}
		f.Share = share
	}
	return nil
}

func (f *Fault) readValue() error {
	if f.Value == "" {
		if f.spec.needed {
			return fmt.Errorf("%s needs a value: %s", f.Name, f.spec.usageText())
		}
		if f.spec.value == valueNone {
			return nil
		}
	}
	var err error
	switch value := cmp.Or(f.Value, f.spec.otherwise); f.spec.value {
	case valueTime:
		if f.wait, err = time.ParseDuration(value); err != nil || f.wait < 0 {
			err = fmt.Errorf("%q is not a time such as 90s", value)
		}
	case valueCount:
		if f.count, err = strconv.Atoi(value); err != nil || f.count < 1 || f.count > math.MaxInt32 {
			err = fmt.Errorf("%q is not a number from 1", value)
		}
	case valueRetry:
		f.form, err = parseRetryForm(value)
	case valueRedirect:
		status, target, _ := strings.Cut(value, ":")
		f.text = target
		if f.status, err = strconv.Atoi(status); err != nil || http.StatusText(f.status) == "" || f.status/100 != 3 {
			err = fmt.Errorf("%q is not 301, 302, 307 or 308, with :URL after it if it is to lead elsewhere", value)
		}
	case valueOffset:
		if f.wait, err = time.ParseDuration(value); err != nil {
			err = fmt.Errorf("%q is not a time such as 7s or -7s", value)
		}
	case valueForm:
		// A status may follow, in place of the form's own.
		form, status, given := strings.Cut(value, ":")
		if f.text = form; !slices.Contains(strings.Split(f.spec.forms, "|"), form) {
			return fmt.Errorf("%q is not one of %s", form, strings.ReplaceAll(f.spec.forms, "|", ", "))
		}
		if f.status, err = strconv.Atoi(status); given && (err != nil || f.status < 400 || f.status > 599) {
			return fmt.Errorf("%q is not a status from 400 to 599", status)
		}
		err = nil
	case valueMoney:
		f.amount, err = parseMoney(value)
	case valueName:
		f.text = value
	case valueText, valueCode:
		f.code, f.text = "BAD_REQUEST", value
		if code, text, ok := strings.Cut(value, "|"); ok {
			f.code, f.text = code, text
		} else if f.spec.value == valueCode {
			f.code, f.text = value, "The request could not be processed"
		}
	}
	return err
}

// retryForm is what a Retry-After header says.
type retryForm struct {
	kind string // seconds, date, none or text
	wait time.Duration
	text string
}

func parseRetryForm(value string) (retryForm, error) {
	kind, rest, ok := strings.Cut(value, ":")
	switch {
	case value == "none":
		return retryForm{kind: "none"}, nil
	case kind == "text" && rest != "":
		return retryForm{kind: "text", text: rest}, nil
	case kind == "date" && ok:
		if d, err := time.ParseDuration(rest); err == nil {
			return retryForm{kind: "date", wait: d}, nil
		}
	default:
		if d, err := time.ParseDuration(value); err == nil && d >= 0 {
			return retryForm{kind: "seconds", wait: d}, nil
		}
	}
	return retryForm{}, fmt.Errorf("%q is not a time such as 2s (said in seconds), date:2s (said as a date; date:-1m is past), text:WORDS or none", value)
}

// headerValue returns the Retry-After value, "" for none. Seconds are rounded up, since
// an earlier retry would be refused again.
func (r retryForm) headerValue(now time.Time) string {
	switch r.kind {
	case "seconds":
		return strconv.FormatInt(int64(math.Ceil(r.wait.Seconds())), 10)
	case "date":
		at := now.Add(r.wait)
		if r.wait > 0 {
			at = at.Add(time.Second - 1)
		}
		return at.UTC().Format(http.TimeFormat)
	case "text":
		return r.text
	default:
		return ""
	}
}
