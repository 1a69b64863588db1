package transcript

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Location", "/there")
	fmt.Fprintf(w, "%s %s %s %s\n", r.Method, r.URL, r.Header.Get("If-Match"), body)
}

func TestCurl(t *testing.T) {
	for line, want := range map[string]string{
		"curl a/b":               "GET http://a/b  \n",
		"curl -d '{\"a\": 1}' a": "POST http://a  {\"a\": 1}\n",
		"curl -d x -X PUT -H 'If-Match: \"3\"' a":                      "PUT http://a \"3\" x\n",
		"curl -X PUT a -d x":                                           "PUT http://a  x\n",
		`curl -s -N -m 2 -w '%{http_code} %{redirect_url}\n' 'a/?b=c'`: "GET http://a/?b=c  \n200 /there\n",
	} {
		assert.Equal(t, want, Curl(t, http.HandlerFunc(echo), line), line)
	}
}

// recorder is a test that notes whether it has failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

// TestCompare: an answer that differs fails, and so does a README with too few commands.
func TestCompare(t *testing.T) {
	readme := "text\n```console\n$ one\nat 12\n$ two\n```\nmore\n```console\n$ three\n3\n```\n"
	answers := map[string]string{"one": "at 77\n", "two": "", "three": "3\n"}
	number := regexp.MustCompile(`\d\d`)
	fails := func(least int, answers map[string]string) bool {
		r := &recorder{TB: t}
		compare(r, readme, least, number, func(command, _ string) string { return answers[command] })
		return r.failed
	}
	assert.False(t, fails(3, answers))
	assert.True(t, fails(4, answers))
	assert.True(t, fails(3, map[string]string{"one": "at 77\n", "three": "4\n"}))
	assert.True(t, fails(3, map[string]string{"one": "at\n", "three": "3\n"}))
}
