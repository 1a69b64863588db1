package config

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/lru"
	"example.com/flatline/ratelimit"
)

//go:embed page.html
var page []byte

const maxBody = 1 << 20

// Options are the settings of Handler.
type Options struct {
	Store Store
	Rate  ratelimit.Rate // of the requests with one token; the zero value is no limit
	Hosts []string       // names of the server, besides loopback addresses
}

// server is the HTTP side of a store.
type server struct {
	store    Store
	rate     *ratelimit.Keyed[string] // nil is no limit
	denials  *ratelimit.Keyed[string] // that are put into the audit
	bundles  *lru.Sync[shownKey, []byte]
	updates  *lru.Sync[shownKey, rendered]
	sessions concmap.Map[int64, *session]
	numbers  atomic.Int64
}

// Handler serves a store.
func Handler(o Options) http.Handler {
	keys := ratelimit.KeyedOptions[string]{MaxKeys: 1 << 16}
	s := &server{
		store: o.Store, bundles: lru.NewSync[shownKey, []byte](256), updates: lru.NewSync[shownKey, rendered](1024),
		denials: ratelimit.NewKeyed(ratelimit.Per(1, time.Second), 10, keys),
	}
	if o.Rate != (ratelimit.Rate{}) {
		burst := int64(min(1e6, time.Second.Seconds()/o.Rate.Time(1).Seconds())) // what comes in a second
		s.rate = ratelimit.NewKeyed(o.Rate, max(1, burst), keys)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	for path, h := range map[string]func(*request) (any, error){
		"GET /v1/{env}":             s.bundle,
		"GET /v1/{env}/{key...}":    s.one,
		"PUT /v1/{env}/{key...}":    s.put,
		"DELETE /v1/{env}/{key...}": s.remove,
		"POST /v1/{env}/rollback":   s.rollback,
		"POST /v1/promote":          s.promote,
		"POST /v1/txn":              s.txn,
		"POST /v1/tokens":           s.token,
		"GET /v1/audit":             s.auditOf,
		"GET /v1/diff":              s.diff,
		"GET /v1/status":            s.status,
		"GET /v1/{env}/watch":       s.watch,
	} {
		mux.Handle(path, s.handle(h))
	}
	return serve.Guard(mux, "name it with -host if it is", o.Hosts...)
}

// A request is one of a caller who is known.
type request struct {
	*http.Request
	w   http.ResponseWriter
	who caller
	now *View // which decides what the caller may do
}

var (
	errNotModified = errors.New("not modified")
	errBase        = errors.New("If-Match must be the revision that the change was made from, or * to overwrite whatever there is")
	errAnswered    = errors.New("answered")
)

// handle makes a handler of a function that returns the answer, or an error.
func (s *server) handle(h func(*request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.ask(w, r, h)
		b, ready := v.([]byte)
		switch {
		case errors.Is(err, errAnswered):
		case err != nil:
			fail(w, err)
		case ready:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(b)
		default:
			serve.JSON(w, http.StatusOK, v)
		}
	})
}

// ask reads the present state and answers from it, or from a later one if a compaction
// has overtaken it.
func (s *server) ask(w http.ResponseWriter, r *http.Request, h func(*request) (any, error)) (any, error) {
	for {
		now, err := s.store.Read(r.Context(), Now)
		if err != nil {
			return nil, err
		}
		who, err := s.identify(r, now.System)
		if err != nil {
			return nil, err
		}
		v, err := h(&request{r, w, who, now})
		if errors.Is(err, ErrCompacted) && now.ended() != nil && r.Method == http.MethodGet && r.URL.Query().Get("rev") == "" {
			continue
		}
		return v, err
	}
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	for _, of := range []struct {
		status int
		errs   []error
	}{
		{http.StatusNotModified, []error{errNotModified}},
		{http.StatusBadRequest, []error{ErrBad}},
		{http.StatusUnauthorized, []error{errToken}},
		{http.StatusForbidden, []error{ErrDenied}},
		{http.StatusNotFound, []error{ErrNotFound, errNoValue}},
		{http.StatusConflict, []error{ErrConflict}},
		{http.StatusGone, []error{ErrCompacted}},
		{http.StatusRequestEntityTooLarge, []error{wal.ErrTooLarge, serve.ErrTooLarge}},
		{http.StatusUnprocessableEntity, []error{ErrInvalid}},
		{http.StatusPreconditionRequired, []error{errBase}},
		{http.StatusTooManyRequests, []error{errRate}},
	} {
		if slices.ContainsFunc(of.errs, func(e error) bool { return errors.Is(err, e) }) {
			refuse(w, of.status, err)
			return
		}
	}
	serve.Fail(w, http.StatusServiceUnavailable, errors.New("the store does not answer")) // what it says is not for strangers
}

func refuse(w http.ResponseWriter, status int, err error) {
	body := map[string]any{"error": err.Error()}
	var conflict *ConflictError
	var invalid *InvalidError
	switch {
	case status == http.StatusNotModified:
		w.WriteHeader(status)
		return
	case status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	case errors.As(err, &conflict):
		body["rev"], body["changes"] = conflict.Rev, append([]Event{}, conflict.Changes...)
	case errors.As(err, &invalid):
		body["problems"] = invalid.Problems
	}
	serve.JSON(w, status, body)
}

// number reads a number from 0 on from the query.
func (r *request) number(name string, otherwise int64) (int64, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %s must be a number from 0 on, got %q", ErrBad, name, v)
	}
	return n, nil
}

// base returns the revision in If-Match. There is no default: a later writer overwrites an
// earlier one only on purpose.
func (r *request) base() (int64, error) {
	tag := r.Header.Get("If-Match")
	if tag == "*" {
		return Any, nil
	}
	rev, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil || rev < 0 {
		return 0, errBase
	}
	return rev, nil
}

// tag returns a revision as an ETag.
func tag(rev int64) string { return fmt.Sprintf(`"%d"`, rev) }
