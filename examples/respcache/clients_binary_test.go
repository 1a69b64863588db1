package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBinary builds respcache as a user does, and takes it through a start, a crash and
// an orderly end.
func TestBinary(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "respcache")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	n := begin(&node{t: t, bin: bin, args: []string{"-appendonly", "-appendfsync", "always"}, dir: t.TempDir()})
	l := newLoad(4, 1)
	l.until(t, n, 300, n.kill)
	n.start()
	require.Empty(t, l.lost(t, n))

	open := n.dial(t)
	open.must(t, "SET", "last", "word")
	require.NoError(t, n.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-n.gone:
	case <-time.After(patience):
		require.Fail(t, "it does not end")
	}
	require.True(t, n.cmd.ProcessState.Success(), "%s\n%s", n.cmd.ProcessState, n.log)
	require.Equal(t, 1, strings.Count(n.log.String(), "listening on "), "%s", n.log)
	_, err = open.do("PING")
	require.Error(t, err)
	n.start()
	require.Equal(t, bulk("word"), n.dial(t).must(t, "GET", "last"))

	out, err = exec.Command(bin, "-addr", n.addr, "-dir", t.TempDir()).CombinedOutput()
	require.Error(t, err, "the address is taken")
	require.Contains(t, string(out), n.addr)
	out, err = exec.Command(bin, "-nosuch").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "-maxmemory-policy", "the flags are listed")
}
