package short

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/httplimit"
	"example.com/flatline/ringbuffer"
)

//go:embed page.html
var page []byte

const maxBody = 16 << 10

// Options are the settings of New.
type Options struct {
	Store Store
	Hosts []string // names of this server, besides loopback addresses
	Base  string   // of short URLs; default http:// and the Host of the request
	Fold  bool     // codes in which case does not matter
	Token string   // that writing needs; "" is none
	Rate  ratelimit.Rate
	Burst int64 // of links that a client may create
}

// lookup is a store that answers redirects fast.
type lookup interface {
	Lookup(ctx context.Context, code string) (*Link, error)
}

// Server is a node of the shortener: an http.Handler. It is made by New; Close ends it.
type Server struct {
	opts     Options
	store    Store
	lookup   lookup
	codes    *Codes
	clicks   *Clicks
	handler  http.Handler
	client   func(*http.Request) string
	creators *ratelimit.Keyed[string]
	recent   *ringbuffer.Sync[string] // codes
	created  atomic.Int64
	missed   atomic.Int64 // requests for codes that there are not
}

// New returns a node on a store, which it does not close.
func New(o Options) *Server {
	s := &Server{
		opts: o, store: o.Store, client: httplimit.ClientIP(),
		recent: ringbuffer.NewSync[string](10, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}),
	}
	var ok bool
	if s.lookup, ok = o.Store.(lookup); !ok {
		cache := NewCache(o.Store, 100_000)
		s.store, s.lookup = cache, cache
	}
	s.codes, s.clicks = NewCodes(s.store, o.Fold), NewClicks(s.store)
	s.creators = ratelimit.NewKeyed(o.Rate, o.Burst, ratelimit.KeyedOptions[string]{MaxKeys: 100_000})
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("GET /status", s.status)
	mux.HandleFunc("POST /links", s.writer(s.create))
	mux.HandleFunc("GET /links/{code}", s.get)
	mux.HandleFunc("PATCH /links/{code}", s.writer(s.edit))
	mux.HandleFunc("DELETE /links/{code}", s.writer(s.remove))
	mux.HandleFunc("GET /links/{code}/clicks", s.report)
	guarded := serve.Guard(mux, "name it with -host if it is", o.Hosts...)
	all := http.NewServeMux()
	all.HandleFunc("/{code}", s.redirect) // from any site, by any name
	for _, p := range []string{"/{$}", "/status", "/links", "/links/"} {
		all.Handle(p, guarded)
	}
	s.handler = all
	return s
}

// Close stores the clicks so far.
func (s *Server) Close() { s.clicks.Close() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// statuses are those of the errors of stores and checks.
var statuses = map[error]int{
	ErrNotFound: http.StatusNotFound, ErrTaken: http.StatusConflict, ErrVersion: http.StatusPreconditionFailed,
	ErrGone: http.StatusGone, ErrSpent: http.StatusGone, ErrURL: http.StatusBadRequest, ErrCode: http.StatusBadRequest,
}

func fail(w http.ResponseWriter, err error) {
	for e, status := range statuses {
		if errors.Is(err, e) {
			serve.Fail(w, status, err)
			return
		}
	}
	serve.Fail(w, http.StatusServiceUnavailable, errors.New("the store does not answer"))
}

// code returns the code in the path as it is stored.
func (s *Server) code(r *http.Request) string {
	code := r.PathValue("code")
	if s.opts.Fold {
		code = strings.ToLower(code)
	}
	return code
}

// redirect answers 302: a browser keeps a 301 for good, and then neither edits nor counts
// reach it.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		serve.Fail(w, http.StatusMethodNotAllowed, errors.New("links are created and changed at /links"))
		return
	}
	l, err := s.lookup.Lookup(r.Context(), s.code(r))
	switch {
	case errors.Is(err, ErrNotFound):
		s.missed.Add(1)
	case err != nil:
	case l.Deleted:
		err = ErrGone
	case !l.Expires.IsZero() && !time.Now().Before(l.Expires):
		err = fmt.Errorf("%w: it has expired", ErrGone)
	case r.Method != http.MethodGet: // a HEAD looks, and is no click
	case l.Max > 0:
		err = s.store.Count(r.Context(), Batch{Strict: true, Counts: []Count{{Code: l.Code, Minute: time.Now().Unix() / 60, N: 1}}})
	default:
		s.clicks.Add(l.Code)
	}
	h := w.Header()
	h["Cache-Control"] = noStore
	if err != nil {
		fail(w, err)
		return
	}
	h["Location"] = []string{l.URL}
	w.WriteHeader(http.StatusFound)
}

var noStore = []string{"no-store"}

// writer passes on requests that may write.
func (s *Server) writer(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if s.opts.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.opts.Token)) == 0 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			serve.Fail(w, http.StatusUnauthorized, errors.New("this needs a token"))
			return
		}
		next(w, r)
	}
}

// ask is what a client may say of a link.
type ask struct {
	URL     *string    `json:"url"`
	Code    string     `json:"code"`
	Expires *time.Time `json:"expires"`
	Max     *int64     `json:"max"`
}

// into changes l as a says. The zero time and 0 take a limit away.
func (s *Server) into(l *Link, a ask, r *http.Request) (err error) {
	if a.URL != nil {
		own := append([]string{strings.ToLower(serve.Hostname(r.Host))}, s.opts.Hosts...)
		if l.URL, err = CheckURL(*a.URL, own...); err != nil {
			return err
		}
	}
	if a.Expires != nil {
		l.Expires = a.Expires.UTC().Truncate(time.Microsecond)
	}
	if a.Max != nil {
		if l.Max = *a.Max; l.Max < 0 {
			return fmt.Errorf("%w: max must not be negative", ErrURL)
		}
	}
	return nil
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if d := s.creators.Take(s.client(r), 1); !d.OK {
		httplimit.SetRetryAfter(w.Header(), d.RetryAfter)
		serve.Fail(w, http.StatusTooManyRequests, errors.New("too many new links"))
		return
	}
	var a ask
	if err := serve.Decode(w, r, maxBody, &a); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	var l Link
	err := s.into(&l, a, r)
	switch {
	case err != nil:
	case a.URL == nil:
		err = fmt.Errorf("%w: url is missing", ErrURL)
	case !l.Expires.IsZero() && !l.Expires.After(time.Now()):
		err = fmt.Errorf("%w: expires has passed", ErrURL)
	default:
		l, err = s.insert(r.Context(), l, a.Code)
	}
	if err != nil {
		fail(w, err)
		return
	}
	s.created.Add(1)
	_, _ = s.recent.PushEvict(l.Code)
	w.Header().Set("Location", "/links/"+l.Code)
	s.answer(w, r, http.StatusCreated, l)
}

// insert creates a link with a custom code, or with the next code that is free.
func (s *Server) insert(ctx context.Context, l Link, custom string) (_ Link, err error) {
	if custom != "" {
		if l.Code, err = CheckCode(custom, s.opts.Fold); err != nil {
			return l, err
		}
		return s.store.Create(ctx, l)
	}
	for {
		if l.Code, err = s.codes.Next(ctx); err != nil {
			return l, err
		}
		if created, err := s.store.Create(ctx, l); !errors.Is(err, ErrTaken) { // by a custom code
			return created, err
		}
	}
}
