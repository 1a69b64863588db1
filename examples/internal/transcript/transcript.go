// Package transcript checks that what a README shows is what a server answers. It is for
// tests.
package transcript

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	console = regexp.MustCompile("(?s)```console\n(.*?)```")
	words   = regexp.MustCompile(`'[^']*'|\S+`)
)

// Check gives each command of the README's console blocks, "$ curl …", to answer, with what
// the README shows below it, and fails the test if an answer differs, but for what mask
// matches. It fails if there are fewer commands than least.
func Check(t testing.TB, least int, mask *regexp.Regexp, answer func(command, shown string) string) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, string(readme), least, mask, answer)
}

func compare(t testing.TB, readme string, least int, mask *regexp.Regexp, answer func(command, shown string) string) {
	t.Helper()
	commands := 0
	var got, want strings.Builder
	for _, block := range console.FindAllStringSubmatch(strings.ReplaceAll(readme, "\r\n", "\n"), -1) {
		want.WriteString(block[1])
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, shown, _ := strings.Cut(part, "\n")
			commands++
			fmt.Fprintf(&got, "$ %s\n%s", command, answer(command, shown))
		}
	}
	if commands < least {
		t.Errorf("the README has %d commands, fewer than %d", commands, least)
	}
	if shown, is := mask.ReplaceAllString(want.String(), "MASKED"), mask.ReplaceAllString(got.String(), "MASKED"); shown != is {
		t.Errorf("the README shows\n%s\nand the server answers\n%s", shown, is)
	}
}

// Request returns the request that a command line of curl makes, and the text of its -w. It
// knows the flags that the READMEs use, and fails the test on any other.
func Request(t testing.TB, line string) (r *http.Request, format string) {
	t.Helper()
	method, url, body := "", "", ""
	header := http.Header{}
	args := words.FindAllString(line, -1)[1:]
	for i := range args {
		args[i] = strings.Trim(args[i], "'")
	}
	for len(args) > 0 {
		flag := args[0]
		args = args[1:]
		if strings.Contains(" -d -X -H -w -m ", " "+flag+" ") {
			if len(args) == 0 {
				t.Fatalf("%s: %s has no value", line, flag)
			}
			value := args[0]
			args = args[1:]
			switch flag {
			case "-d":
				body = value
			case "-X":
				method = value
			case "-H":
				name, text, _ := strings.Cut(value, ": ")
				header.Set(name, text)
			case "-w":
				format = value
			}
		} else if flag != "-s" && flag != "-N" {
			if strings.HasPrefix(flag, "-") {
				t.Fatalf("%s: a transcript does not know %s", line, flag)
			}
			url = "http://" + flag
		}
	}
	switch {
	case method == "" && body != "":
		method = http.MethodPost
	case method == "":
		method = http.MethodGet
	}
	r = httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header = header
	return r, format
}

// Curl returns what curl prints for a command line, if h is the server.
func Curl(t testing.TB, h http.Handler, line string) string {
	t.Helper()
	r, format := Request(t, line)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String() + strings.NewReplacer("%{http_code}", fmt.Sprint(w.Code), "%{redirect_url}", w.Header().Get("Location"), `\n`, "\n").Replace(format)
}
