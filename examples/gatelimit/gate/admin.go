package gate

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"example.com/flatline/examples/internal/serve"
)

// status is what the page shows.
type status struct {
	Now      int64            `json:"now"`  // requests in the last whole second
	Peak     int64            `json:"peak"` // the most in a second of the last minute
	Seconds  []second         `json:"seconds"`
	Admitted int64            `json:"admitted"`
	Refused  map[string]int64 `json:"refused"`
	Top      []keyCount       `json:"top"`
	Nodes    []nodeStatus     `json:"nodes"`
	History  []Version        `json:"history"`
	None     bool             `json:"none"` // no limit is in force
}

type nodeStatus struct {
	Name    string  `json:"name"`
	Breaker string  `json:"breaker"`
	Version int64   `json:"version"`
	Heard   float64 `json:"heard"` // seconds since the store last told the rules
}

//go:embed page.html
var page []byte

// Admin is the status page and the API for the rules, of some nodes of one process.
type Admin struct {
	names []string
	nodes []*Node
	stats *Stats
}

// NewAdmin returns the handler for at least one node, each with a name. There is no
// authentication: let it listen on loopback, or put it behind a proxy that has some. A
// page of another origin cannot change rules through a browser, and a request whose Host
// is neither a loopback address nor among hosts is refused: a name that an attacker has
// pointed at this address would make his page one of the same origin. API keys are shown
// masked everywhere; a document with masked keys that is published means the keys of the
// version that it follows.
func NewAdmin(stats *Stats, names []string, nodes []*Node, hosts ...string) http.Handler {
	a := &Admin{names, nodes, stats}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("GET /status", a.status)
	mux.HandleFunc("GET /rules", a.rules)
	mux.HandleFunc("GET /history", a.history)
	mux.HandleFunc("PUT /rules", a.publish)
	mux.HandleFunc("POST /rollback", a.rollback)
	return serve.Guard(mux, "start the gateway with -admin-host if it is", hosts...)
}

func (a *Admin) status(w http.ResponseWriter, _ *http.Request) {
	var st status
	a.stats.fill(&st)
	for i, n := range a.nodes {
		heard := time.Since(time.Unix(0, n.heard.Load())).Seconds()
		st.Nodes = append(st.Nodes, nodeStatus{a.names[i], n.opts.Store.State(), n.Rules().Number, heard})
	}
	for v := range a.nodes[0].History {
		if st.History = append(st.History, a.shown(v)); len(st.History) == 20 {
			break
		}
	}
	in := a.nodes[0].Rules().Rules
	st.None = in.None()
	serve.JSON(w, http.StatusOK, st)
}

func (a *Admin) history(w http.ResponseWriter, _ *http.Request) {
	all := []Version{}
	for v := range a.nodes[0].History {
		all = append(all, a.shown(v))
	}
	serve.JSON(w, http.StatusOK, all)
}

// shown returns v with its API keys masked.
func (a *Admin) shown(v Version) Version {
	v.Rules = a.stats.masks.hide(v.Rules)
	return v
}

// rules shows the version in force, now or ?at= a time in RFC 3339.
func (a *Admin) rules(w http.ResponseWriter, r *http.Request) {
	v, ok := a.nodes[0].Rules(), true
	if at := r.FormValue("at"); at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			serve.Fail(w, http.StatusBadRequest, fmt.Errorf("at must be a time such as 2006-01-02T15:04:05Z, got %q", at))
			return
		}
		if v, ok = a.nodes[0].RulesAt(t); !ok {
			serve.Fail(w, http.StatusNotFound, fmt.Errorf("no rules were in force at %v", at))
			return
		}
	}
	serve.JSON(w, http.StatusOK, a.shown(v))
}

// publish takes the body as the rules that follow version ?base=, by author ?by=.
func (a *Admin) publish(w http.ResponseWriter, r *http.Request) {
	doc, err := serve.Body(w, r, maxBody)
	if errors.Is(err, serve.ErrTooLarge) {
		serve.Fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("%w: more than %d bytes", ErrRules, maxBody))
		return
	}
	q := r.URL.Query()
	base, err2 := strconv.ParseInt(q.Get("base"), 10, 64)
	if err = errors.Join(err, err2); err != nil {
		serve.Fail(w, http.StatusBadRequest, fmt.Errorf("base must be the number of the version that these rules follow: %w", err))
		return
	}
	rules, err := a.stats.masks.parse(doc, a.version(base).Rules)
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, err)
		return
	}
	a.append(w, r, base, Version{By: q.Get("by"), Note: q.Get("note"), Rules: rules})
}

// rollback publishes the rules of an older version as a new one.
func (a *Admin) rollback(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		To, Base int64
		By       string
	}
	if err := serve.Decode(w, r, 4<<10, &ask); err != nil {
		serve.Fail(w, http.StatusBadRequest, fmt.Errorf(`want {"to": 1, "base": 2, "by": "ann"}: %w`, err))
		return
	}
	v := a.version(ask.To)
	if v.Number == 0 {
		serve.Fail(w, http.StatusNotFound, fmt.Errorf("there is no version %d", ask.To))
		return
	}
	a.append(w, r, ask.Base, Version{By: ask.By, Note: fmt.Sprintf("back to version %d", ask.To), Rules: v.Rules})
}

// version returns the version with a number, or the zero Version.
func (a *Admin) version(number int64) Version {
	for v := range a.nodes[0].History {
		if v.Number == number {
			return v
		}
	}
	return Version{}
}

func (a *Admin) append(w http.ResponseWriter, r *http.Request, base int64, v Version) {
	if !printable(v.By) || len(v.Note) > maxName {
		serve.Fail(w, http.StatusBadRequest, fmt.Errorf("by must name the author in 1 to %d letters without spaces; a note is as short", maxName))
		return
	}
	v, err := a.nodes[0].Publish(r.Context(), base, v)
	switch {
	case errors.Is(err, ErrConflict):
		serve.Fail(w, http.StatusConflict, err)
	case err != nil:
		serve.Fail(w, http.StatusServiceUnavailable, err)
	default:
		serve.JSON(w, http.StatusOK, a.shown(v))
	}
}
