package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/visual/show"
	"example.com/flatline/internal/house"
)

// A walker is a browser on the site.
type walker struct {
	*browse.Tab
	t    *testing.T
	site string
}

// TestPage walks the pages in a browser.
func TestPage(t *testing.T) {
	at := site(t) // before chromium is started
	tab := browse.Open(t)
	for _, test := range []struct {
		name string
		walk func(w *walker)
	}{
		{"answers", (*walker).answers},
		{"writes", (*walker).writes},
		{"keys", (*walker).keys},
		{"hands", (*walker).hands},
		{"typed", (*walker).typed},
		{"failing", (*walker).failing},
		{"forms", (*walker).forms},
	} {
		t.Run(test.name, func(t *testing.T) {
			tab.Use(t)
			tab.Window(1280, 900, false)
			test.walk(&walker{tab, t, at})
		})
	}
}

// visit opens an address and waits until something is so.
func (w *walker) visit(query url.Values, until string) {
	w.t.Helper()
	w.Call("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	w.Await(`location.href == "about:blank"`)
	w.Call("Page.navigate", map[string]any{"url": w.site + "/?" + query.Encode()}, nil)
	w.Await(until)
}

const shown = "document.documentElement.dataset.shown == step"

// open opens an address and waits until its step is shown.
func (w *walker) open(query url.Values) {
	w.t.Helper()
	w.visit(query, shown+" && rec")
}

// do evaluates an expression and waits until its step is shown.
func (w *walker) do(expression string) {
	w.t.Helper()
	w.Eval("delete document.documentElement.dataset.shown")
	w.Eval(expression)
	w.Await(shown)
}

func (w *walker) press(keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		w.Eval("delete document.documentElement.dataset.shown")
		w.Key(k)
		w.Await(shown)
	}
}

func (w *walker) text(id string) string { return w.Eval(`$("` + id + `").innerText`) }

func (w *walker) param(name string) string {
	return w.Eval(`new URLSearchParams(location.search).get("` + name + `")`)
}

// record returns what the page has got from the structures.
func (w *walker) record() (r show.Record) {
	w.t.Helper()
	require.NoError(w.t, json.Unmarshal([]byte(w.Eval("JSON.stringify(rec)")), &r))
	return r
}

const answer = `[...document.querySelectorAll(".answer .cell > span")].map(e => e.textContent).join(" ")`

// paths draws each state, which throws where the code has no such field, and looks up the
// labels that are paths.
const paths = `rec.States.flatMap((_, i) => pictures[page.Name](joined(i).state).map(p => p.label.split(": ")[0]).filter(l => /^[\w.[\]]+$/.test(l)).map(l => at(joined(i).state, l))).length`

// answers: on each page the calls are made. The last frame, drawn from memory, is what the
// structure itself says, and what it says outside of the browser, not woven. Each field
// that a picture names is in the memory.
func (w *walker) answers() {
	t := w.t
	var names []string
	for _, p := range show.Pages {
		names = append(names, p.Name)
		for _, f := range p.Forms {
			w.open(url.Values{"page": {p.Name}, "form": {f.Name}})
			assert.Equal(t, "0", w.Eval("step"), f.Name)
			w.do("last()")
			r := w.record()
			inside := regexp.MustCompile(`\[(.*)\]`).FindStringSubmatch(r.Answer)
			require.NotNil(t, inside, r.Answer)
			assert.Equal(t, inside[1], w.Eval(answer), "%s: the picture", f.Name)
			assert.Equal(t, "The structure itself says: "+r.Answer, w.text("answer"))
			assert.Equal(t, fmt.Sprint(len(r.Frames)-1), w.Eval("step"), f.Name)
			assert.Greater(t, len(r.Frames), 10, f.Name)
			assert.NotEqual(t, "0", w.Eval(paths), f.Name)

			do := f.Do
			two := strings.Contains(do, "|")
			if two {
				order, ok := strings.CutPrefix(r.Verdict, "explained by ")
				require.True(t, ok, "%s: %s", f.Name, r.Verdict)
				do = regexp.MustCompile(`(^|, )[AB] `).ReplaceAllString(order, "$1")
			}
			native, err := show.Run(p.Name, f.Name, do, "")
			require.NoError(t, err)
			assert.Equal(t, native.Answer, r.Answer, "%s: outside of the browser", f.Name)
			for i, c := range native.Calls {
				assert.True(t, two || c.Text == "Random()" || c.Result == r.Calls[i].Result, "%s: %s", f.Name, c.Text)
			}
			for _, frame := range r.Frames {
				if file, _, ok := strings.Cut(frame.At, ":"); ok {
					assert.FileExists(t, filepath.Join(folder, "src", file))
				}
			}
		}
	}
	assert.Equal(t, house.Packages, names, "all structures have a page")
	assert.Contains(t, w.Eval(`(() => { try { return at(joined(0).state, "direct.rung") } catch (e) { return e.message } })()`), "no field direct.rung")
}

// writes: each write to a link of lru's order is a step of its own, with its line.
func (w *walker) writes() {
	w.open(url.Values{"page": {"lru"}, "do": {"Put(a,1),Put(b,2),Put(c,3),Get(a)"}})
	r := w.record()
	get := r.Calls[3]
	source, err := os.ReadFile("../../internal/list/list.go")
	require.NoError(w.t, err)
	lines := strings.Split(string(source), "\n")
	var wrote []string
	for i := get.First + 1; i <= get.Last; i++ {
		var line int
		if _, err := fmt.Sscanf(r.Frames[i].At, "internal/list/list.go:%d", &line); err == nil && r.Frames[i].State != r.Frames[i-1].State {
			w.do(fmt.Sprintf("show(%d)", i))
			assert.Equal(w.t, lines[line-1], w.Eval(`document.querySelector("pre [aria-current]").lastChild.data`))
			_, changes, _ := strings.Cut(w.text("say"), "Changes ")
			wrote = append(wrote, strings.TrimSpace(lines[line-1])+": "+changes)
		}
	}
	assert.Equal(w.t, []string{
		"links[from.prev].next = from.next: made.core.order.links[2].next: 1 → 0.",
		"links[from.next].prev = from.prev: made.core.order.links[0].prev: 1 → 2.",
		"links[e] = link[E]{head, front}: made.core.order.links[1].prev: 2 → 0; made.core.order.links[1].next: 0 → 3.",
		"links[head].next = e: made.core.order.links[0].next: 3 → 1.",
		"links[front].prev = e: made.core.order.links[3].prev: 0 → 1.",
	}, wrote)
	assert.Equal(w.t, "1", w.Eval(`document.querySelectorAll(".part:nth-child(2) .changed").length`), "the cell is marked")
	assert.Equal(w.t, "4", w.Eval(`document.querySelectorAll(".part:nth-child(2) .cell").length`), "the head and three slots")
}

// keys: the page can be used with keys alone, and each step has an address at which the
// same is seen again.
func (w *walker) keys() {
	const seen = `document.querySelector("main").innerText`
	w.open(url.Values{"page": {"minstack"}})
	first := w.Eval(seen)
	w.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
	assert.Equal(w.t, "2", w.Eval("step"))
	w.press("ArrowDown", "ArrowDown")
	there := w.Eval(seen)
	assert.Contains(w.t, w.text("say"), "Changes len(c.room): 0 → 8")
	here, err := url.Parse(w.Eval("location.href"))
	require.NoError(w.t, err)
	w.press("Home")
	assert.Equal(w.t, first, w.Eval(seen), "back at the beginning")
	w.open(here.Query())
	assert.Equal(w.t, there, w.Eval(seen), "the address has the same state")
	w.press("End")
	assert.Equal(w.t, "true", w.Eval("step == rec.Frames.length - 1"))
	assert.Equal(w.t, "true", w.Eval(`$("forward").disabled`))
	w.Key("Home")
	w.Key(" ")
	w.Await("step > 2 && playing()")
	w.Key(" ")
	assert.Equal(w.t, "false", w.Eval("playing()"))
}
