package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// Tidy removes the lists that need not be kept: those that were sent and left nothing to
// correct, and those whose plan has expired. A list that was changed since its plan was
// made is being worked on, and stays.
func (s *Server) Tidy(ctx context.Context) error {
	done, err := s.engine.DoneLists(ctx)
	if err != nil {
		return err
	}
	for _, d := range done {
		list, err := s.lists.Latest(d.ID)
		if err == nil && list.Revision == d.Revision {
			err = s.lists.Forget(d.ID)
		}
		var refusal *api.Refusal
		if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
			continue // it was removed before
		}
		if err != nil {
			return err
		}
	}
	return nil
}
