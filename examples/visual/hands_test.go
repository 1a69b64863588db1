package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/visual/show"
)

// hands: two goroutines are stepped by hand; one that waits cannot be.
func (w *walker) hands() {
	w.open(url.Values{"page": {"ringbuffer"}})
	w.press("a", "a", "b", "b", "a")
	assert.Equal(w.t, "AABBA", w.param("by"))
	w.press("ArrowLeft", "ArrowLeft", "b")
	assert.Equal(w.t, "AABB", w.param("by"), "a step taken back is taken otherwise")
	assert.Equal(w.t, "4", w.param("at"))
	w.press("b")
	w.Eval(`$("stepA").focus()`)
	w.press("b")
	assert.Equal(w.t, "stepA", w.Eval("document.activeElement.id"), "the focus stays")

	w.open(url.Values{"page": {"bqueue"}, "do": {"Take()|Put(1)"}})
	for w.Eval(`$("stepA").disabled`) == "false" {
		w.do(`$("stepA").click()`)
	}
	assert.Contains(w.t, w.text("codes"), "Goroutine A: bqueue/waiter.go:69, waits in wait")
	assert.Equal(w.t, "false", w.Eval(`$("stepB").disabled`))
	w.do("last()")
	assert.Equal(w.t, "explained by B Put(1), A Take()", w.text("verdict"))
	w.open(url.Values{"page": {"bqueue"}, "do": {"Take()|Take()"}})
	w.do("last()")
	assert.Contains(w.t, w.text("verdict"), "goroutine 0 never wakes up")
}

// typed: calls that a visitor types are made; what is no call is an error that says so.
func (w *walker) typed() {
	w.open(url.Values{"page": {"lru"}})
	ask := func(do string) {
		w.Eval(fmt.Sprintf(`[$("do").value = %q, $("ask").requestSubmit()]`, do))
	}
	ask("Put(x,1),Frob(2)")
	assert.Equal(w.t, "there is no Frob here, only Put(k,v) Get(k) Delete(k)", w.text("error"))
	assert.Equal(w.t, "false", w.Eval(`$("error").hidden`))
	ask("Put(<b>x</b>,1)")
	assert.Equal(w.t, "true", w.Eval(`$("error").hidden`))
	w.do("last()")
	assert.Equal(w.t, "<b>x</b>", w.Eval(answer), "text, not a tag")
	assert.Equal(w.t, "Put(<b>x</b>,1)", w.param("do"))
	ask("Put(x,y)")
	w.do("last()")
	assert.Contains(w.t, w.text("calls"), `panics: "y" is no number`)
}

// failing: with the planted bug the schedule has no explanation; the shipped code, on the
// same schedule, has one. The letters of a schedule are an address as well.
func (w *walker) failing() {
	w.open(url.Values{"page": {"concmap"}})
	schedule := w.Eval(`$("key").value`)
	for _, bug := range []bool{true, false} {
		q := url.Values{"replay": {schedule}}
		want := "explained by A LoadAndDelete(3), B Store(3,2)"
		if bug {
			q.Set("bug", "1")
			want = "NOT LINEARIZABLE: no order of the calls, one after the other, has these results and leaves map[]"
		}
		w.open(q)
		w.do("last()")
		assert.Equal(w.t, want, w.text("verdict"))
		assert.Equal(w.t, fmt.Sprint(bug), w.Eval(`$("bug").checked`))
		r := w.record()
		if bug {
			assert.Regexp(w.t, "^A{30}B+A+$", r.Letters, "one preemption")
		}
		q.Del("replay")
		q.Set("page", "concmap")
		q.Set("form", "concmap.Map, segments that join")
		q.Set("do", "LoadAndDelete(3)|Store(3,2)")
		q.Set("by", r.Letters)
		w.open(q)
		w.do("last()")
		assert.Equal(w.t, want, w.text("verdict"), "by its letters")
	}
	w.visit(url.Values{"replay": {"x"}}, `!$("error").hidden`)
	assert.Contains(w.t, w.text("error"), "a schedule is TYPE|PROGRAM|DECISIONS")
}

// forms: on a phone and a desktop, in light and dark, no page is wider than the window, text
// has contrast, and each control has a name that a screen reader can say. With
// VISUAL_SHOTS=DIR it writes pictures to look at.
func (w *walker) forms() {
	dir := os.Getenv("VISUAL_SHOTS")
	for _, p := range show.Pages {
		q := url.Values{"page": {p.Name}, "at": {"60"}, "by": {strings.Repeat("A", 12) + strings.Repeat("BA", 20)}}
		if p.Name == "concmap" {
			q = url.Values{"replay": {w.Eval("FAILING")}, "bug": {"1"}, "at": {"43"}}
		}
		w.open(q)
		for _, size := range [][2]int{{1280, 1000}, {390, 1700}} {
			for _, dark := range []bool{false, true} {
				w.Window(size[0], size[1], dark)
				assert.Equal(w.t, "true", w.Eval("document.documentElement.scrollWidth <= innerWidth"), "%s is wider than %d", p.Name, size[0])
				assert.GreaterOrEqual(w.t, w.Eval(contrast), "4.50", "%s, dark: %v", p.Name, dark)
				if dir != "" {
					w.Picture(filepath.Join(dir, fmt.Sprintf("%s-%d-dark-%v.png", p.Name, size[0], dark)))
				}
			}
		}
		w.named()
		if dir != "" && p.Name == "concmap" { // the picture in the README
			w.Window(1100, 960, false)
			w.Eval(`$("say").parentElement.scrollIntoView()`)
			w.Picture(filepath.Join(dir, "readme.png"))
		}
	}
}

// contrast is the smallest contrast of text and ground, by WCAG 2, up to 9.99.
const contrast = `(() => {
	const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }
	const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)$/.test(c)) return c } return "rgb(255, 255, 255)" }
	let least = 9.99
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || e.closest("[disabled], .spare, option") || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue
		const a = light(getComputedStyle(e).color), b = light(ground(e))
		least = Math.min(least, (Math.max(a, b) + .05) / (Math.min(a, b) + .05))
	}
	return least.toFixed(2)
})()`

// named checks the accessible names of all controls.
func (w *walker) named() {
	w.t.Helper()
	type value struct{ Value any }
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name value
		}
	}
	w.Call("Accessibility.getFullAXTree", nil, &tree)
	controls := 0
	for _, n := range tree.Nodes {
		switch n.Role.Value {
		case "button", "textbox", "combobox", "slider", "checkbox", "link", "navigation", "region":
			if !n.Ignored {
				controls++
				assert.NotEmpty(w.t, n.Name.Value, "a %v without a name", n.Role.Value)
			}
		}
	}
	assert.Greater(w.t, controls, 25)
}
