// Package browse looks at a page in a test, in chromium.
package browse

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// find returns where chromium is, or skips the test.
func find(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian: apt-get install chromium)")
	}
	return bin
}

// flags are for a browser without a window, which asks nothing of the network.
func flags(profile string) []string {
	return []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir=" + profile,
	}
}

// run starts chromium on a URL, or skips the test.
func run(t testing.TB, url string, args ...string) []byte {
	t.Helper()
	bin := find(t)
	args = append(append(flags(t.TempDir()), "--virtual-time-budget=6000"), args...)
	out, err := exec.CommandContext(t.Context(), bin, append(args, url)...).Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return out
}

// DOM returns the page at a URL as it is after its scripts have run for six seconds of the
// browser's own time, which stands still while it waits for the network.
func DOM(t testing.TB, url string) string {
	t.Helper()
	return string(run(t, url, "--dump-dom"))
}

var (
	code = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>`)
	tag  = regexp.MustCompile(`<[^>]*>`)
	gap  = regexp.MustCompile(`\s+`)
)

// Text returns the text of a DOM with single spaces.
func Text(dom string) string {
	return strings.TrimSpace(gap.ReplaceAllString(tag.ReplaceAllString(code.ReplaceAllString(dom, " "), " "), " "))
}

// Screenshot writes a picture of the page, as a window of the given size shows it, to a
// PNG file.
func Screenshot(t testing.TB, url, file string, width, height int, dark bool) {
	t.Helper()
	args := []string{"--screenshot=" + file, fmt.Sprintf("--window-size=%d,%d", width, height)}
	if dark {
		args = append(args, "--blink-settings=preferredColorScheme=0")
	}
	run(t, url, args...)
}

// Framed returns a page that shows the page at path in a frame of a width, runs a script
// in it, and then says what the script returned. Serve it from the page's own origin. The
// script is the body of a function of the frame's document, which runs every 200 ms until
// it returns something that is not null.
func Framed(path string, width int, script string) string {
	return fmt.Sprintf(`<!doctype html><iframe id="page" src=%q style="width:%dpx;height:900px;border:0"></iframe><pre id="seen">nothing</pre><script>
const look = doc => { %s }
const timer = setInterval(() => {
  let seen
  try { seen = look(document.getElementById("page").contentDocument) } catch (e) { seen = "error: " + e }
  if (seen == null) return
  clearInterval(timer)
  document.getElementById("seen").textContent = "seen: " + seen + " :seen"
}, 200)
</script>`, path, width, script)
}

// Seen returns what the script of a Framed page returned, or "" if it did not.
func Seen(dom string) string {
	m := regexp.MustCompile(`(?s)seen: (.*?) :seen</pre>`).FindStringSubmatch(dom)
	if m == nil {
		return ""
	}
	return m[1]
}
