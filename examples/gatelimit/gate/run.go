package gate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/flatline/examples/internal/serve"
)

// A Config is what the programs take from the command line.
type Config struct {
	Addr    string // of the nodes
	Admin   string // of the status page and the API for the rules
	Hosts   string // names of the page, besides loopback addresses
	Nodes   int
	Demo    time.Duration
	Trusted string
	Open    func() (Store, error) // the store of a node
	Engine  string                // its name
	Out     io.Writer
}

// Flags defines the flags of a Config.
func (c *Config) Flags(fs *flag.FlagSet) {
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where the first node listens; the others take the ports after it, or any that are free if it is 0")
	fs.StringVar(&c.Admin, "admin", "127.0.0.1:8079", "where the status page and the API for the rules listen; they have no login")
	fs.StringVar(&c.Hosts, "admin-host", "", "host names by which the status page may be asked for, besides loopback addresses, with commas between")
	fs.IntVar(&c.Nodes, "nodes", 3, "nodes of the gateway")
	fs.DurationVar(&c.Demo, "demo", 0, "drive traffic for so long, then print what came of it and stop")
	fs.StringVar(&c.Trusted, "trusted", "", "proxies whose X-Forwarded-For counts, as prefixes with commas between")
}

// Run runs the gateway in front of a demo upstream until ctx is done.
func Run(ctx context.Context, c Config) (err error) {
	trusted, err := prefixes(c.Trusted)
	if err != nil {
		return err
	}
	if c.Nodes < 1 || c.Nodes > 100 {
		return fmt.Errorf("gate: nodes must be 1 to 100, got %d", c.Nodes)
	}
	if c.Addr == "" || c.Admin == "" {
		return errors.New("gate: addr and admin must be addresses such as 127.0.0.1:8080; an empty one would listen everywhere")
	}
	var servers serve.Group
	var nodes []*Node
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	defer func() { // requests end before what they need
		servers.Close()
		transport.CloseIdleConnections()
		for _, n := range nodes {
			err = errors.Join(err, n.Close())
		}
	}()
	upstream, err := servers.Listen("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from upstream, you asked for %s\n", r.URL.Path)
	}))
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: upstream})
		r.SetXForwarded()
	}, ErrorHandler: func(w http.ResponseWriter, r *http.Request, _ error) {
		if r.Context().Err() == nil { // otherwise the client went away
			serve.Fail(w, http.StatusBadGateway, errors.New("the upstream does not answer"))
		}
	}}
	stats := NewStats()
	for range c.Nodes {
		store, err := c.Open()
		if err != nil {
			return err
		}
		n, err := NewNode(ctx, Options{Store: store, Next: proxy, Stats: stats, Trusted: trusted})
		if err != nil {
			return errors.Join(err, store.Close())
		}
		nodes = append(nodes, n)
	}
	l, err := net.Listen("tcp", c.Admin)
	if err != nil {
		return err
	}
	names := make([]string, c.Nodes)
	for i, n := range nodes {
		addr, err := after(c.Addr, i)
		if err == nil {
			names[i], err = servers.Listen(addr, n)
		}
		if err != nil {
			return errors.Join(err, l.Close())
		}
	}
	servers.Serve(l, NewAdmin(stats, names, nodes, strings.FieldsFunc(c.Hosts, func(r rune) bool { return r == ',' })...))
	fmt.Fprintf(c.Out, "gatelimit: status page http://%s, nodes %s, counting in %s\n", l.Addr(), strings.Join(names, " "), c.Engine)
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		fmt.Fprintf(c.Out, "gatelimit: WARNING: whoever reaches %s can change the rules; it has no login\n", l.Addr())
	}
	if c.Demo <= 0 {
		<-ctx.Done()
		return nil
	}
	Drive(ctx, c.Demo, names, c.Out)
	return nil
}

// prefixes reads addresses' prefixes with commas between.
func prefixes(s string) (all []netip.Prefix, err error) {
	for p := range strings.SplitSeq(s, ",") {
		if p == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("gate: trusted: %w", err)
		}
		all = append(all, prefix)
	}
	return all, nil
}

// after returns the address whose port is i higher; 0 stays 0.
func after(addr string, i int) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("gate: addr: %w", err)
	}
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		return "", fmt.Errorf("gate: addr: %w", err)
	}
	if n > 0 {
		n += i
	}
	return net.JoinHostPort(host, strconv.Itoa(n)), nil
}

// A crowd is a kind of client in a demo.
type crowd struct {
	key, path string
	each      time.Duration // between requests
}

// Drive sends requests to the nodes in turn, as clients of several kinds, and prints
// their outcomes.
func Drive(ctx context.Context, d time.Duration, nodes []string, out io.Writer) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	crowds := []crowd{
		{"gold-key", "/search", 8 * time.Millisecond},
		{"silver-key", "/search", 12 * time.Millisecond},
		{"bronze-key", "/items", 20 * time.Millisecond},
		{"", "/items", 35 * time.Millisecond},
		{"", "/login", 300 * time.Millisecond},
	}
	lines := make([]string, len(crowds))
	var wg sync.WaitGroup
	for i, c := range crowds {
		wg.Go(func() { lines[i] = c.drive(ctx, client, nodes) })
	}
	wg.Wait()
	fmt.Fprintln(out, strings.Join(lines, "\n"))
}

func (c crowd) drive(ctx context.Context, client *http.Client, nodes []string) string {
	tick := time.NewTicker(c.each)
	defer tick.Stop()
	through, refused := 0, map[string]int{}
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			name := c.key
			if name == "" {
				name = "no key"
			}
			return fmt.Sprintf("%-12s %-8s %6d through, refused %v", name, c.path, through, refused)
		case <-tick.C:
		}
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+nodes[i%len(nodes)]+c.path, nil)
		r.Header.Set("X-API-Key", c.key)
		answer, err := client.Do(r)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if tier := answer.Header.Get("X-RateLimit-Tier"); tier != "" {
			refused[tier]++
		} else {
			through++
		}
	}
}
