package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCommand: the command says where it listens, answers there, and an interrupt ends
// it without an error.
func TestCommand(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "gatelimit.exe")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := exec.CommandContext(t.Context(), bin, "-addr", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-nodes", "1")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	m := regexp.MustCompile(`status page (\S+), nodes (\S+), counting in this process`).FindStringSubmatch(line)
	require.NotNil(t, m, line)
	for url, want := range map[string]string{m[1]: "<title>gatelimit</title>", "http://" + m[2] + "/search": "hello from upstream, you asked for /search"} {
		r, err := http.Get(url)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.NoError(t, r.Body.Close())
		assert.Contains(t, string(body), want)
	}
	if runtime.GOOS == "windows" { // has no interrupt to send
		require.NoError(t, cmd.Process.Kill())
		return
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	assert.NoError(t, cmd.Wait())
	assert.Error(t, exec.Command(bin, "nonsense").Run())
}
