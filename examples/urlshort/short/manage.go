package short

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/examples/internal/serve"
)

// answer shows a link, with its version as its ETag.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, l Link) {
	base := s.opts.Base
	if base == "" {
		base = "http://" + r.Host
	}
	w.Header().Set("ETag", strconv.Quote(strconv.FormatInt(l.Version, 10)))
	serve.JSON(w, status, struct {
		Short string `json:"short"`
		Link
	}{base + "/" + l.Code, l})
}

// get shows a link, now or ?at= a time in RFC 3339.
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	at, err := when(r, "at", time.Time{})
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, err)
		return
	}
	l, err := s.store.Get(r.Context(), s.code(r), at)
	if err != nil {
		fail(w, err)
		return
	}
	s.answer(w, r, http.StatusOK, l)
}

// when reads a time from the query.
func when(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	v := r.FormValue(name)
	if v == "" {
		return otherwise, nil
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return t, fmt.Errorf("%s must be a time such as 2006-01-02T15:04:05Z, got %q", name, v)
	}
	return t, nil
}

func (s *Server) edit(w http.ResponseWriter, r *http.Request) {
	var a ask
	if err := serve.Decode(w, r, maxBody, &a); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	if a.Code != "" {
		serve.Fail(w, http.StatusBadRequest, errors.New("a code cannot be changed: it means one link forever"))
		return
	}
	s.change(w, r, func(l *Link) error { return s.into(l, a, r) })
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(l *Link) error { l.Deleted = true; return nil })
}

// change makes the next version of a link, behind the one in If-Match.
func (s *Server) change(w http.ResponseWriter, r *http.Request, f func(*Link) error) {
	match := r.Header.Get("If-Match")
	version, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	switch {
	case match == "":
		serve.Fail(w, http.StatusPreconditionRequired, errors.New("If-Match must have the ETag of the version that is to be changed"))
		return
	case err != nil:
		serve.Fail(w, http.StatusBadRequest, fmt.Errorf("If-Match must be an ETag of this link, got %q", match))
		return
	}
	l, err := s.store.Get(r.Context(), s.code(r), time.Time{})
	if err == nil {
		err = f(&l)
	}
	if err == nil {
		l, err = s.store.Update(r.Context(), l.Code, version, l)
	}
	if err != nil {
		fail(w, err)
		return
	}
	s.answer(w, r, http.StatusOK, l)
}

// maxRange is the longest that a report of clicks may cover.
const maxRange = 31 * 24 * time.Hour

// report shows the clicks of a link per minute, of the last day or ?from= to ?to=.
func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	from, err := when(r, "from", now.Add(-24*time.Hour))
	to, err2 := when(r, "to", now)
	if err = errors.Join(err, err2); err == nil && to.Sub(from) > maxRange {
		err = fmt.Errorf("from and to may be %d days apart", maxRange/(24*time.Hour))
	}
	if err != nil {
		serve.Fail(w, http.StatusBadRequest, err)
		return
	}
	l, err := s.store.Get(r.Context(), s.code(r), time.Time{})
	var counts []Count
	if err == nil {
		counts, err = s.store.Clicks(r.Context(), l.Code, from.Unix()/60, to.Unix()/60)
	}
	if err != nil {
		fail(w, err)
		return
	}
	type minute struct {
		At time.Time `json:"at"`
		N  int64     `json:"n"`
	}
	all := []minute{}
	for _, c := range counts {
		all = append(all, minute{time.Unix(c.Minute*60, 0).UTC(), c.N})
	}
	serve.JSON(w, http.StatusOK, map[string]any{"code": l.Code, "total": l.Clicks, "minutes": all})
}

// status shows what the page shows.
func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	st := struct {
		traffic
		Created int64  `json:"created"`
		Missed  int64  `json:"missed"`
		Top     []Link `json:"top"`
		Recent  []Link `json:"recent"`
	}{traffic: s.clicks.traffic(), Created: s.created.Load(), Missed: s.missed.Load(), Top: []Link{}, Recent: []Link{}}
	for _, c := range st.Busiest {
		if l, err := s.store.Get(r.Context(), c.Code, time.Time{}); err == nil {
			st.Top = append(st.Top, l)
		}
	}
	for _, code := range s.recent.Backward() {
		if l, err := s.store.Get(r.Context(), code, time.Time{}); err == nil {
			st.Recent = append(st.Recent, l)
		}
	}
	serve.JSON(w, http.StatusOK, st)
}
