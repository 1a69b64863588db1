package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := config.Config{Addr: args[0], Keep: 1 << 20, Out: os.Stdout, Open: config.OpenDir(args[1])}
			return config.Run(context.Background(), c, nil)
		},
	})
}

// ask sends a request, and decodes the answer into v.
func ask(method, url, body string, v any) error {
	r, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("If-Match", "*")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = errors.New(answer.Status + " " + string(b))
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

var long = flag.Bool("long", false, "kill 20 times, not 5")

// TestKill: the server is killed with kill -9 under load, again and again. Each revision
// that was acknowledged is there, with the value that it was acknowledged for; none was
// given twice; the audit is whole.
func TestKill(t *testing.T) {
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir, base := t.TempDir(), "http://"+addr
	rounds := 5
	switch {
	case *long:
		rounds = 20
	case testing.Short():
		rounds = 2
	}
	var acknowledged crash.Ledger[string]
	for round := range rounds + 1 {
		p := crash.Start(t, "serve", addr, dir)
		p.Match(`listening on (\S+), values in the log`)
		require.Empty(t, acknowledged.Check(func(rev, value string) error {
			var x config.Value
			err := ask("GET", base+"/v1/prod/key?rev="+rev, "", &x)
			if err == nil && string(x.Value) != value {
				err = fmt.Errorf("it has %s in place of %s", x.Value, value)
			}
			return err
		}))
		if round == 0 {
			require.NoError(t, ask("PUT", base+"/v1/@envs/prod", `{}`, &struct{}{}))
		}
		if round == rounds {
			p.Kill()
			break
		}
		// Writes go on until the process is killed; what was not answered is in no ledger.
		var wg sync.WaitGroup
		enough := make(chan struct{}, 100)
		for w := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					value := fmt.Sprintf(`"%d %d %d"`, round, w, i)
					var got struct{ Rev int64 }
					if ask("PUT", base+"/v1/prod/key", value, &got) != nil {
						return
					}
					acknowledged.Acknowledged(strconv.FormatInt(got.Rev, 10), value)
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 50 {
			<-enough
		}
		p.Kill()
		wg.Wait()
	}
	n, err := config.VerifyDir(dir)
	require.NoError(t, err)
	require.GreaterOrEqual(t, int(n), acknowledged.Len())
	t.Logf("%d kills, %d revisions acknowledged, %d in the audit", rounds, acknowledged.Len(), n)
}
