package api

// Refusal is an error with the answer that the browser gets. A Body without a sentence
// gets that of its code.
type Refusal struct {
	Status int // of HTTP
	Body   Error
}

// Error returns the code and the sentence.
func (r *Refusal) Error() string {
	if r.Body.Sentence == "" {
		return r.Body.Code
	}
	return r.Body.Code + ": " + r.Body.Sentence
}

// Refuse returns a refusal with the sentence of its code.
func Refuse(status int, code string) *Refusal {
	return &Refusal{Status: status, Body: Error{Code: code}}
}
