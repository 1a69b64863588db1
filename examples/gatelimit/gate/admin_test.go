package gate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
)

// TestAdminIsApart: by default the page listens on loopback, at a port that no node uses,
// and a node serves none of it.
func TestAdminIsApart(t *testing.T) {
	var c gate.Config
	c.Flags(flag.NewFlagSet("", flag.ContinueOnError))
	admin, err := netip.ParseAddrPort(c.Admin)
	require.NoError(t, err)
	first, err := netip.ParseAddrPort(c.Addr)
	require.NoError(t, err)
	assert.True(t, admin.Addr().IsLoopback())
	assert.Less(t, admin.Port(), first.Port(), "the nodes have this port and those after it")

	store := gate.NewMemory(100)
	r, w := io.Pipe()
	c = gate.Config{Addr: "127.0.0.1:0", Admin: "127.0.0.1:0", Nodes: 2, Engine: "a test", Out: w, Open: func() (gate.Store, error) { return store, nil }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- gate.Run(ctx, c) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	for i, addr := range regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAllString(line, -1) {
		for _, path := range []string{"/status", "/rules", "/history"} {
			a, err := http.Get("http://" + addr + path)
			require.NoError(t, err)
			body, err := io.ReadAll(a.Body)
			require.NoError(t, err)
			a.Body.Close()
			if i == 0 {
				assert.True(t, json.Valid(body), path)
			} else {
				assert.Equal(t, "hello from upstream, you asked for "+path+"\n", string(body))
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	assert.NoError(t, <-ended)
}
