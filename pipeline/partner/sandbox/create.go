package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// maxBody is the largest request body that is read, in bytes.
const maxBody = 1 << 20

// creation is one create-user request in progress.
type creation struct {
	body   createBody
	wrong  []fieldError // what the JSON decoder found
	key    string
	picked chosen
	n      int
}

func (s *Server) serveCreate(w http.ResponseWriter, r *http.Request) {
	arrived := s.cfg.Now()
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		s.writeReply(w, r, errorReply(http.StatusRequestEntityTooLarge, ClassReject, "BODY_TOO_LARGE", "The body is above 1 MiB"), chosen{})
		return
	}
	if err != nil { // the client hung up before the request was whole: nothing has arrived
		panic(http.ErrAbortHandler)
	}
	c := &creation{key: r.Header.Get("Idempotency-Key")}
	badJSON := c.decodeBody(raw)
	n, try, err := s.store.countCall(callCreate, c.body.Email)
	c.n, c.picked = n, s.faults.Load().chooseFaults(s.cfg.Seed, callCreate, n, c.body.Email, try)
	post := &Post{N: n, Try: try, Key: c.key, Email: c.body.Email, Arrived: arrived, BodyHash: sha256.Sum256(raw), Remote: r.RemoteAddr, Fault: c.picked.answer.Name}
	s.store.countFault(c.picked)
	s.record.update(func() {
		post.Seq = s.record.nextSeq()
		s.record.posts = newest(append(s.record.posts, post), s.record.keep)
	})
	s.callBarrier(Arrived, c)

	rep := orStateError(reply{}, err)
	if err == nil {
		rep = s.decideReply(r, c, badJSON)
	}
	s.record.update(func() { post.Class, post.ServiceID = rep.class, rep.id })
	if err := s.store.saveEntry(entry{Op: opEnd, Class: rep.class}); err != nil && rep.class != ClassOK {
		rep = orStateError(rep, err)
	}
	rep = s.mixAnswers(r, rep, c.picked)
	s.callBarrier(Answering, c)
	defer func() { // also when the connection is given up
		s.record.update(func() { post.Completed = s.cfg.Now() }) // net/http still holds the answer back: who sees it finds the record complete
		if s.cfg.Barrier != nil {
			if _, err := w.Write(nil); err == nil { // after a fault has hijacked the connection, Flush would panic
				_ = http.NewResponseController(w).Flush() // fails if the client hung up
			}
			s.callBarrier(Answered, c)
		}
	}()
	status := s.deliverReply(w, r, rep, c.picked)
	s.record.update(func() { post.Status = status })
}

func (s *Server) callBarrier(stage Stage, c *creation) {
	if s.cfg.Barrier != nil {
		s.cfg.Barrier(stage, c.key, c.body.Email)
	}
}

// decodeBody reads the body. Values of the wrong type are findings of a field;
// what is no JSON at all is an error.
func (c *creation) decodeBody(raw []byte) error {
	err := json.Unmarshal(raw, &c.body)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		c.wrong = append(c.wrong, fieldError{cmp.Or(wrong.Field, "body"), "must be a " + wrong.Type.Kind().String()})
		return nil
	}
	return err
}

// decideReply returns the answer, and creates the user if the request takes effect.
func (s *Server) decideReply(r *http.Request, c *creation, badJSON error) reply {
	if rep, refused := s.checkAccess(r, c.n); refused {
		c.picked.answer = Fault{}
		return s.burnIf(rep, c, rep.class == ClassBusy && c.picked.hasFault(faultBusyBurnsKey))
	}
	if c.key == "" || len(c.key) > 255 {
		c.picked.answer = Fault{}
		return errorReply(http.StatusBadRequest, ClassReject, "IDEMPOTENCY_KEY_REQUIRED", "The idempotency-key header is missing, or above 255 characters; use a UUID")
	}
	if badJSON != nil {
		c.picked.answer = Fault{}
		return errorReply(http.StatusBadRequest, ClassReject, "INVALID_JSON", "The body is not valid JSON")
	}
	f := c.picked.answer
	if f.isRefusal() {
		rep := f.reply(r)
		return s.burnIf(rep, c, f.spec.burns || c.burnsKey(rep))
	}
	rep := s.createUnderKey(r, c)
	if f.spec.acts == actsDouble {
		winner := rep.id
		rep = s.createUnderKey(r, c)
		rep.id = cmp.Or(rep.id, winner)
	}
	return rep
}

// burnsKey reports whether an answer that by itself leaves the key free uses it
// up nonetheless.
func (c *creation) burnsKey(rep reply) bool {
	switch rep.status {
	case http.StatusTooManyRequests:
		return c.picked.hasFault(faultBusyBurnsKey)
	case http.StatusPaymentRequired:
		return c.picked.hasFault(faultFundsBurnsKey)
	case http.StatusUnprocessableEntity:
		return c.picked.hasFault(faultRejectBurnsKey)
	default:
		return false
	}
}

// burnIf uses up the key of a request that does not act. A key that is known
// already stays as old as it is.
func (s *Server) burnIf(rep reply, c *creation, burn bool) reply {
	if burn && c.key != "" {
		if _, err := s.store.takeKey(c.key); err != nil {
			return orStateError(rep, err)
		}
	}
	return rep
}

// createUnderKey makes the call as it should be: key, field rules, e-mail, wallet,
// user.
func (s *Server) createUnderKey(r *http.Request, c *creation) reply {
	late := c.picked.hasFault(faultKeyAtCompletion)
	if late && s.store.knowsKey(c.key) {
		return keyUsed(c.picked)
	}
	if !late {
		if taken, err := s.store.takeKey(c.key); err != nil {
			return orStateError(reply{}, err)
		} else if !taken {
			return keyUsed(c.picked)
		}
	}
	latency := s.cfg.latencyOf(c.n)
	if !s.waitToAct(r, &c.picked.answer, latency/2) {
		panic(http.ErrAbortHandler) // Close: as if the process had ended here
	}
	rep := s.createUser(c)
	frees := (rep.status == http.StatusPaymentRequired || rep.status == http.StatusUnprocessableEntity) && !c.burnsKey(rep)
	var err error
	switch {
	case late && !frees:
		_, err = s.store.takeKey(c.key)
	case !late && frees:
		err = s.store.saveEntry(entry{Op: opFree, Key: c.key})
	}
	s.stopped.waitFor(latency/2, r.Context().Done())
	if rep.id != "" {
		return rep // the user exists, even if the key was not written
	}
	return orStateError(rep, err)
}

func (s *Server) createUser(c *creation) reply {
	if wrong := append(c.wrong, c.body.findErrors()...); len(wrong) > 0 {
		return invalidFields(wrong)
	}
	status, blacklisted := c.body.readTag()
	if blacklisted {
		return errorReply(http.StatusBadRequest, ClassReject, "USER_BLACKLISTED", "This user cannot be onboarded")
	}
	if s.cfg.KYCAfter > 0 {
		status = pendingKYC
	}
	s.callBarrier(Acting, c)
	rep := orStateError(s.store.createUser(&c.body, status, c.picked))
	if rep.id != "" {
		s.checks.startCheck(rep.id, c.body.Email, s.store.countUsers(c.body.Email), time.Now())
	}
	s.callBarrier(Acted, c)
	return rep
}
