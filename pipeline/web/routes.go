package web

import (
	"net/http"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// route is one line of the table. The guard around the mux asks for the session and
// the roles, so that no handler can forget to.
type route struct {
	method, pattern string
	isOpen          bool       // needs no session
	roles           []api.Role // one of them; none = a session is enough
	handle          handler
}

// handler answers a request. It returns an error instead of writing one.
type handler func(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error

// routes is everything that the server answers to.
func routes() []route {
	only := func(roles ...api.Role) []api.Role { return roles }
	const list, plan, run = "/api/lists/{list}", "/api/plans/{plan}", "/api/runs/{run}"
	return []route{
		{"GET", "/static/{file...}", true, nil, (*Server).serveStatic},
		{"POST", "/session", true, nil, (*Server).signIn},
		{"DELETE", "/session", false, nil, (*Server).signOut},
		{"GET", "/api/session", false, nil, (*Server).showSession},

		{"GET", "/{$}", false, nil, (*Server).showPage},
		{"GET", "/lists/{list}", false, only(api.See), (*Server).showPage},
		{"GET", "/plans/{plan}", false, only(api.See), (*Server).showPage},
		{"GET", "/runs/{run}", false, only(api.See), (*Server).showPage},
		{"GET", "/log", false, only(api.See), (*Server).showPage},

		{"GET", "/api/lists", false, only(api.See), (*Server).showLists},
		{"PUT", "/api/lists", false, only(api.Prepare), (*Server).uploadList},
		{"GET", list, false, only(api.See), (*Server).showList},
		{"DELETE", list, false, only(api.Prepare), (*Server).discardList},
		{"PATCH", list + "/settings", false, only(api.Prepare), (*Server).changeSettings},
		{"POST", list + "/keep-mapping", false, only(api.Prepare), keepMapping},
		{"POST", list + "/use-mapping", false, only(api.Prepare), useMapping},
		{"GET", list + "/rows", false, only(api.Prepare, api.Approve), (*Server).showRows},
		{"PATCH", list + "/cells", false, only(api.Prepare), (*Server).editCells},
		{"POST", list + "/decisions", false, only(api.Prepare), (*Server).decideOnce},
		{"POST", list + "/leave-out", false, only(api.Prepare), (*Server).leaveOut},
		{"DELETE", list + "/changes/{change}", false, only(api.Prepare), (*Server).undoChange},
		{"GET", list + "/marked.xlsx", false, only(api.Prepare), (*Server).downloadMarked},
		{"GET", list + "/corrected.xlsx", false, only(api.Prepare), (*Server).downloadCorrected},

		{"POST", list + "/plans", false, only(api.Prepare), makePlan},
		{"GET", "/api/plans", false, only(api.See), showPlans},
		{"GET", plan, false, only(api.See), showPlan},
		{"POST", plan + "/approve", false, only(api.Approve), approvePlan},
		{"POST", plan + "/decline", false, only(api.Approve), declinePlan},
		{"POST", plan + "/run", false, only(api.Prepare, api.Approve), startRun},

		{"GET", "/api/runs", false, only(api.See), showRuns},
		{"GET", run, false, only(api.See), showRun},
		{"GET", run + "/events", false, only(api.See), watchRun},
		{"POST", run + "/stop", false, only(api.Prepare, api.Approve), stopRun},
		{"GET", run + "/report", false, only(api.See), showReport},
		{"GET", run + "/report.xlsx", false, only(api.See), downloadReport},
		{"GET", run + "/report.csv", false, only(api.See), downloadReport},
		{"GET", run + "/report.html", false, only(api.See), downloadReport},
		{"GET", run + "/report.json", false, only(api.See), downloadReport},
		{"GET", run + "/rejects.xlsx", false, only(api.Prepare), downloadRejects},
		{"GET", run + "/mail-merge.csv", false, only(api.Prepare), downloadMailMerge},
		{"GET", run + "/links", false, only(api.Prepare), showLinks},

		{"GET", "/api/log", false, only(api.See), showLog},
		{"GET", "/api/log.csv", false, only(api.See), exportLog},
	}
}
