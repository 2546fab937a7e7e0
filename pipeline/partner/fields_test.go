package partner

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A sixteenth line of the table is in the body, behind the fifteen and before
// what --send adds, and a refusal that names it is understood.
func TestSixteenthField(t *testing.T) {
	nickname := "Jay"
	fields := append(validate.Fields(), validate.Field{Name: "nickName", Value: func(*validate.User) string { return nickname }})
	u := jane()
	u.Extra = []validate.Extra{{Name: "branch", Value: "7"}}
	body, err := encodeBody(&u, fields)
	if err != nil || !strings.HasSuffix(string(body), `,"program":"custodial","nickName":"Jay","branch":"7"}`) {
		t.Errorf("%s, %v", body, err)
	}
	nickname = ""
	if body, err = encodeBody(&u, fields); err != nil || strings.Contains(string(body), "nickName") {
		t.Errorf("an optional field without a value: %s, %v", body, err)
	}
	nickname = "\xff"
	if body, err = encodeBody(&u, fields); err == nil {
		t.Errorf("not UTF-8: %s", body)
	}
	m := readMessage([]byte(`{"errors":[{"field":"nick_name","message":"is too long"}]}`), true)
	known := fieldsOf(&u, fields)
	if v := judgeStatus(400, m, known); v.class != ledger.Reject || strings.Join(complainedFields(m, known), " ") != "nickName" {
		t.Errorf("refused as %s because of %q", v.class, complainedFields(m, known))
	}
	nickname = ""
	u.Extra = append(u.Extra, validate.Extra{Name: "nickName", Value: "x"})
	if body, err = encodeBody(&u, fields); err == nil {
		t.Errorf("given twice: %s", body)
	}
}
