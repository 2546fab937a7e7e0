package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// bare is an answer without the partner's envelope.
type bare struct {
	contentType string
	body        []byte
}

const jsonType = "application/json; charset=utf-8"

// bareJSON writes a value that is made of texts and numbers.
func bareJSON(value any) *bare {
	body, err := json.Marshal(value)
	if err != nil {
		panic("sandbox: a form cannot be encoded: " + err.Error())
	}
	return &bare{jsonType, body}
}

// inForm returns a reply in the form that gateways and frameworks give it.
func (r reply) inForm(c chosen, now time.Time) reply {
	f := c.faultNamed(faultFieldErrors)
	switch {
	case r.status == http.StatusTooManyRequests:
		return r.byGateway(c.faultNamed(faultBusyForm).text)
	case (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden) && !r.html:
		return r.byGateway(c.faultNamed(faultAuthForm).text)
	case f.Name != "" && len(r.fields) > 0:
		r = r.byFramework(f.text, now)
		r.status = cmp.Or(f.status, r.status)
	}
	return r
}

// byGateway writes a refusal as something in front of the API does.
func (r reply) byGateway(form string) reply {
	text := http.StatusText(r.status)
	switch form {
	case "plain":
		r.bare = &bare{"text/plain; charset=utf-8", []byte(text + "\n")}
	case "html":
		r.html, r.text = true, text
	case "message":
		r.bare = bareJSON(map[string]any{"message": text})
	case "status-code":
		r.bare = bareJSON(map[string]any{"statusCode": r.status, "message": text})
	case "detail":
		r.bare = bareJSON(map[string]any{"detail": text})
	case "error":
		r.bare = bareJSON(map[string]any{"error": text})
	case "empty":
		r.bare = &bare{}
	}
	return r
}

// byFramework writes field errors in a framework's own form and status.
func (r reply) byFramework(form string, now time.Time) reply {
	r.status = http.StatusBadRequest
	var list []any
	texts, byField := map[string]string{}, map[string][]string{}
	for _, f := range r.fields {
		texts[f.Field] = f.Message
		byField[f.Field] = append(byField[f.Field], f.Field+" "+f.Message)
		switch form {
		case "nest":
			list = append(list, f.Field+" "+f.Message)
		case "fastapi":
			list = append(list, map[string]any{"loc": []string{"body", f.Field}, "msg": f.Message, "type": "value_error"})
		case "rfc9457":
			list = append(list, map[string]any{"detail": f.Message, "pointer": "#/" + f.Field})
		case "express":
			list = append(list, map[string]any{"type": "field", "msg": f.Message, "path": f.Field, "location": "body"})
		case "spring":
			list = append(list, map[string]any{"objectName": "createUser", "field": f.Field, "defaultMessage": f.Message, "code": "Size"})
		}
	}
	switch form {
	case "nest":
		r.bare = bareJSON(map[string]any{"statusCode": r.status, "message": list, "error": "Bad Request"})
	case "fastapi":
		r.status = http.StatusUnprocessableEntity
		r.bare = bareJSON(map[string]any{"detail": list})
	case "rfc9457":
		r.bare = bareJSON(map[string]any{"type": "https://example.com/problems/validation", "title": "Your request is not valid", "status": r.status, "errors": list})
		r.bare.contentType = "application/problem+json"
	case "express":
		r.bare = bareJSON(map[string]any{"errors": list})
	case "spring":
		r.bare = bareJSON(map[string]any{"timestamp": now.UTC().Format(time.RFC3339Nano), "status": r.status, "error": "Bad Request", "errors": list, "path": BasePath + "/v2/partner/card/users"})
	case "success-false":
		r.bare = bareJSON(map[string]any{"success": false, "message": "Validation failed", "errors": texts})
	case "laravel":
		r.status = http.StatusUnprocessableEntity
		r.bare = bareJSON(map[string]any{"message": "The given data was invalid.", "errors": byField})
	}
	return r
}
