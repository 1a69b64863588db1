// Package gate is a rate limiter for an API gateway of several nodes: limits for each
// client, each route and all together, by rules that change while it runs, counted in
// a store that the nodes share.
package gate

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"example.com/flatline/ratelimit"
)

// ErrRules is wrapped by the errors of ParseRules.
var ErrRules = errors.New("gate: bad rules")

// A Limit is a token bucket that holds Burst and fills at Rate. With the window
// "exact" it is a sliding log: never more than Burst in any span in which Rate
// brings Burst.
type Limit struct {
	Rate   ratelimit.Rate `json:"rate"`
	Burst  int64          `json:"burst"`
	Window string         `json:"window,omitempty"`
}

// Exact reports whether l is a sliding log.
func (l Limit) Exact() bool { return l.Window == "exact" }

// A Route limits the paths that begin with Path, as far as a slash: all clients
// together or, with Per "client", each of them.
type Route struct {
	Path string `json:"path"`
	Per  string `json:"per,omitempty"`
	Limit
}

// Rules are the limits of a gateway. What is left out has no limit.
type Rules struct {
	Global *Limit  `json:"global,omitempty"`
	Client *Limit  `json:"client,omitempty"` // of each client without its own limit
	Routes []Route `json:"routes,omitempty"` // the longest path counts

	// Clients are the known API keys, each with its own limit or null.
	Clients map[string]*Limit `json:"clients,omitempty"`
}

// Bounds of a set of rules.
const (
	maxBody   = 64 << 10            // bytes of a document
	maxFill   = 31 * 24 * time.Hour // until a bucket is full
	maxLogged = 10_000              // events that a sliding log remembers
	maxName   = 128                 // bytes of an API key, a path or an author
)

func (r Rules) check() error {
	errs := []error{r.Global.check("global"), r.Client.check("client")}
	seen := map[string]string{}
	for i, route := range r.Routes {
		where := fmt.Sprintf("routes[%d]", i)
		errs = append(errs, checkPath(where, route.Path), route.Limit.check(where))
		if route.Per != "" && route.Per != "client" {
			errs = append(errs, fmt.Errorf(`%s: per must be "client" or left out, got %q`, where, route.Per))
		}
		under := path.Clean(route.Path)
		if other, ok := seen[under]; ok {
			errs = append(errs, fmt.Errorf("%s: path %s matches what %s matches", where, route.Path, other))
		}
		seen[under] = route.Path
	}
	for key, l := range r.Clients {
		if !printable(key) {
			errs = append(errs, fmt.Errorf("clients: a key must be 1 to %d letters without spaces, got %q", maxName, key))
		}
		errs = append(errs, l.check("clients."+key))
	}
	return errors.Join(errs...)
}

// checkPath refuses a path that cannot be a prefix of a request's path: those are decoded
// and cleaned before the comparison.
func checkPath(where, p string) error {
	clean := path.Clean(p)
	switch {
	case !strings.HasPrefix(p, "/") || !printable(p):
		return fmt.Errorf("%s: path must begin with / and be at most %d letters without spaces, got %q", where, maxName, p)
	case strings.ContainsAny(p, "%?#"):
		return fmt.Errorf("%s: path %s matches no request: write it decoded and without a query", where, p)
	case p != clean && p != clean+"/":
		return fmt.Errorf("%s: path %s matches no request: write it as %s", where, p, clean)
	}
	return nil
}

func (l *Limit) check(where string) error {
	switch {
	case l == nil:
		return nil
	case l.Rate == ratelimit.Rate{}:
		return fmt.Errorf(`%s: rate is missing or 0; write "100/s", say`, where)
	case l.Rate == ratelimit.Inf:
		return fmt.Errorf("%s: rate is inf; to have no limit leave it out", where)
	case l.Burst < 1:
		return fmt.Errorf("%s: burst must be at least 1, got %d", where, l.Burst)
	case l.Rate.Time(l.Burst) > maxFill:
		return fmt.Errorf("%s: a burst of %d at %v takes more than %v to fill", where, l.Burst, l.Rate, maxFill)
	case l.Window != "" && !l.Exact():
		return fmt.Errorf(`%s: window must be "exact" or left out, got %q`, where, l.Window)
	case l.Exact() && l.Burst > maxLogged:
		return fmt.Errorf("%s: an exact window counts at most %d, got %d", where, maxLogged, l.Burst)
	}
	return nil
}

// printable reports whether s can be a name: it ends up in keys and on a page.
func printable(s string) bool {
	return s != "" && len(s) <= maxName && strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// None reports whether no limit is in force: every request is let through.
func (r *Rules) None() bool {
	if r.Global != nil || r.Client != nil || len(r.Routes) > 0 {
		return false
	}
	for _, l := range r.Clients {
		if l != nil {
			return false
		}
	}
	return true
}

// A Tier is one limit that a request has to meet, and the bucket that counts it.
type Tier struct {
	Name string // client, route or global
	Key  string // of the bucket in the store
	Limit
}

// Tiers returns the limits for a request of client, known as an API key or not, to
// the path that it asked for. O(routes).
func (r *Rules) Tiers(client string, known bool, asked string) []Tier {
	var tiers []Tier
	limit := r.Client
	if known && r.Clients[client] != nil {
		limit = r.Clients[client]
	}
	if !known {
		client = "ip " + client // no key has a space
	}
	if limit != nil {
		tiers = append(tiers, Tier{"client", "client " + client, *limit})
	}
	best := -1
	for i, route := range r.Routes {
		under := strings.TrimSuffix(route.Path, "/")
		if (asked == under || strings.HasPrefix(asked, under+"/")) && (best < 0 || len(route.Path) > len(r.Routes[best].Path)) {
			best = i
		}
	}
	if best >= 0 {
		route := r.Routes[best]
		key := "route " + route.Path
		if route.Per != "" {
			key += " " + client
		}
		tiers = append(tiers, Tier{"route", key, route.Limit})
	}
	if r.Global != nil {
		tiers = append(tiers, Tier{"global", "global", *r.Global})
	}
	return tiers
}
