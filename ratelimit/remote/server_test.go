package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/ratelimit"
)

// A wire is a connection to a real redis-server of the test.
type wire struct {
	c net.Conn
	r *bufio.Reader
}

// dial starts a server and connects to it, or skips the test where there is none. Its
// socket is a file of the test, so that no port is needed.
func dial(t *testing.T) *wire {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed (Debian: apt-get install redis-server)")
	}
	dir := t.TempDir()
	cmd := exec.Command(path, "--port", "0", "--unixsocket", "s", "--dir", dir, "--save", "")
	cmd.Dir = dir
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Chdir(dir) // the name of a socket must be short
	var c net.Conn
	require.Eventually(t, func() bool { c, err = net.Dial("unix", "s"); return err == nil }, time.Minute, time.Millisecond)
	t.Cleanup(func() { _ = c.Close() })
	return &wire{c, bufio.NewReader(c)}
}

// do sends a command and returns its answer: an int64, a string or a []int64.
func (w *wire) do(args ...string) (any, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(w.c, b.String()); err != nil {
		return nil, err
	}
	return w.read()
}

func (w *wire) read() (any, error) {
	line, err := w.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, text := line[0], strings.TrimSpace(line[1:])
	n, _ := strconv.ParseInt(text, 10, 64)
	switch kind {
	case '-':
		return nil, errors.New(text)
	case ':':
		return n, nil
	case '$':
		if n < 0 {
			return nil, errors.New("no value")
		}
		b := make([]byte, n+2)
		_, err := io.ReadFull(w.r, b)
		return string(b[:n]), err
	case '*':
		all := make([]int64, n)
		for i := range all {
			v, err := w.read()
			if err != nil {
				return nil, err
			}
			if s, ok := v.(string); ok {
				v, _ = strconv.ParseInt(s, 10, 64)
			}
			all[i] = v.(int64)
		}
		return all, nil
	}
	return text, nil
}

func (w *wire) eval(_ context.Context, script, _ string, keys []string, args []int64) ([]int64, error) {
	cmd := append([]string{"EVAL", script, strconv.Itoa(len(keys))}, keys...)
	for _, a := range args {
		cmd = append(cmd, strconv.FormatInt(a, 10))
	}
	out, err := w.do(cmd...)
	if err != nil {
		return nil, err
	}
	return out.([]int64), nil
}

// TestExpiresNoSooner: a value expires no sooner than the microsecond at which its
// bucket is full, and not long after it, by each script.
func TestExpiresNoSooner(t *testing.T) {
	w := dial(t)
	for i := range 100 {
		r := ratelimit.Every(time.Hour + time.Duration(i*37)*time.Microsecond) // no whole milliseconds
		l := New(w.eval, r, 5, Options{Prefix: fmt.Sprint(i), Keep: i%2 == 0})
		if i%3 == 0 {
			d, err := TakeAll(t.Context(), "k", 3, l)
			require.NoError(t, err)
			require.True(t, d.OK)
		} else {
			require.True(t, take(t, l, 3).OK)
		}
		key := keyOf(l.opts.Prefix, "k", l.suffix)
		v, err := w.do("GET", key)
		require.NoError(t, err)
		var full int64
		_, err = fmt.Sscanf(v.(string), "%d", &full)
		require.NoError(t, err)
		expires, err := w.do("PEXPIRETIME", key)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, expires.(int64)*1000, full, "I3: %s expires when its bucket is full", key)
		assert.Less(t, expires.(int64)*1000, full+time.Minute.Microseconds(), "a script may take long, but not as long")
	}
}

// TestServerClockSetBack: a bucket that was written when the server's clock was ten
// minutes ahead is empty as of now: it refuses for at most one fill time, as RetryAfter
// says, whichever script asks.
func TestServerClockSetBack(t *testing.T) {
	w := dial(t)
	const ahead = 10 * time.Minute
	for _, per := range []int64{1000, 3000} { // 3000 has ticks of a fraction of a microsecond
		for _, keep := range []bool{false, true} {
			for _, each := range []bool{false, true} {
				name := fmt.Sprint(per, keep, each)
				l := New(w.eval, ratelimit.Per(per, time.Second), 10, Options{Prefix: name, Keep: keep})
				one := func(n int64) (d ratelimit.Decision) {
					if each {
						var err error
						d, err = TakeAll(t.Context(), "k", n, l)
						require.NoError(t, err)
						return d
					}
					return take(t, l, n)
				}
				now, err := w.do("TIME")
				require.NoError(t, err)
				v := fmt.Sprint(now.([]int64)[0]*1e6 + now.([]int64)[1] + ahead.Microseconds())
				if keep {
					v += fmt.Sprintf(".0/%d/%d/%d", l.tariff.n, l.tariff.d, l.tariff.full)
				}
				key := keyOf(l.opts.Prefix, "k", l.suffix)
				_, err = w.do("SET", key, v, "PX", "660000")
				require.NoError(t, err)

				d := one(1)
				require.False(t, d.OK, name)
				assert.Zero(t, d.Remaining, name)
				assert.LessOrEqual(t, d.RetryAfter, l.rate.Time(1)+time.Microsecond, name)
				left, err := w.do("PTTL", key) // -2 if it has expired
				require.NoError(t, err)
				assert.LessOrEqual(t, time.Duration(left.(int64))*time.Millisecond, l.rate.Time(10)+3*time.Millisecond, "%s: it does not outlive its debt", name)
				full := false
				for begin := time.Now(); !full && time.Since(begin) < time.Minute; {
					full = one(10).OK
				}
				require.True(t, full, name)
			}
		}
	}
}
