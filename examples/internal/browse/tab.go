package browse

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A Tab is a page in a chromium that stays open, on the machine's own clock: for pages that
// compile WebAssembly or keep a connection open, for keys, and for a window as narrow as a phone. It speaks the
// DevTools protocol through a pipe.
type Tab struct {
	t       testing.TB
	cmd     *exec.Cmd
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
}

// patience is how long Await waits.
const patience = time.Minute

// Open starts chromium with an empty page, or skips the test. It ends with the test.
func Open(t testing.TB) *Tab {
	t.Helper()
	bin := find(t)
	read, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "browse")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append(flags(profile), "--remote-debugging-pipe", "about:blank")...)
	cmd.ExtraFiles = []*os.File{read, write} // 3 and 4, as chromium expects
	group(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	read.Close()
	write.Close()
	b := &Tab{t: t, cmd: cmd, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		signal(cmd, kill) // it may be stopped
		_ = cmd.Wait()
		in.Close()
		out.Close()
		// Its other processes may write there for a moment longer.
		for begun := time.Now(); os.RemoveAll(profile) != nil && time.Since(begun) < patience; {
			time.Sleep(10 * time.Millisecond)
		}
	})
	var made struct{ TargetID, SessionID string }
	b.Call("Target.createTarget", map[string]any{"url": "about:blank"}, &made)
	b.Call("Target.attachToTarget", map[string]any{"targetId": made.TargetID, "flatten": true}, &made)
	b.session = made.SessionID
	b.Await(`document.readyState == "complete"`) // else the empty page may come after another one
	return b
}

// Use makes the tab fail another test from now on: a subtest.
func (b *Tab) Use(t testing.TB) { b.t = t }

// Go shows the page at a URL.
func (b *Tab) Go(url string) *Tab {
	b.t.Helper()
	var answer struct{ ErrorText string }
	b.Call("Page.navigate", map[string]any{"url": url}, &answer)
	if answer.ErrorText != "" {
		b.t.Fatalf("%s: %s", url, answer.ErrorText)
	}
	return b
}

// Stop stops all processes of the tab, as SIGSTOP does; where there is none it does nothing
// and returns false.
func (b *Tab) Stop() bool { return signal(b.cmd, stop) }

// Continue makes them go on.
func (b *Tab) Continue() bool { return signal(b.cmd, proceed) }

// Call calls a method of the protocol and decodes its result, unless result is nil. It fails
// the test if the method does.
func (b *Tab) Call(method string, params map[string]any, result any) {
	b.t.Helper()
	if err := b.call(method, params, result); err != "" {
		b.t.Fatalf("%s: %s", method, err)
	}
}

func (b *Tab) call(method string, params map[string]any, result any) (failed string) {
	b.t.Helper()
	b.last++
	request := map[string]any{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	for err == nil {
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if text, err = b.out.ReadBytes(0); err != nil {
			break
		}
		if err = json.Unmarshal(text[:len(text)-1], &answer); err != nil || answer.ID != b.last {
			continue // an event
		}
		if answer.Error != nil {
			return answer.Error.Message
		}
		if result != nil {
			err = json.Unmarshal(answer.Result, result)
		}
		if err == nil {
			return ""
		}
	}
	b.t.Fatalf("chromium: %s: %v", method, err)
	return ""
}

// Eval returns the value of an expression in the page as a string.
func (b *Tab) Eval(expression string) string {
	b.t.Helper()
	value, failed := b.eval(expression)
	if failed != "" {
		b.t.Fatalf("%s: %s", expression, failed)
	}
	return value
}

func (b *Tab) eval(expression string) (value, failed string) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value string }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	failed = b.call("Runtime.evaluate", map[string]any{"expression": "String(" + expression + ")", "returnByValue": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		failed = e.Text + " " + e.Exception.Description
	}
	return answer.Result.Value, failed
}

// Await waits until an expression is neither false nor an error.
func (b *Tab) Await(expression string) {
	b.t.Helper()
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		value, failed := b.eval("!!(" + expression + ")")
		if value == "true" {
			return
		}
		if time.Since(begun) > patience {
			text, _ := b.eval("document.body.innerText")
			b.t.Fatalf("%s did not come true: %s\n%s", expression, failed, text)
		}
	}
}

// Window sets the size of the window, and the colours.
func (b *Tab) Window(width, height int, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Key presses a key, by its name in the browser: "a", "ArrowRight".
func (b *Tab) Key(name string) {
	b.t.Helper()
	down := map[string]any{"type": "keyDown", "key": name}
	if len(name) == 1 {
		down["text"] = name
	}
	if name == "Tab" {
		down["windowsVirtualKeyCode"] = 9
	}
	b.Call("Input.dispatchKeyEvent", down, nil)
	b.Call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name}, nil)
}

// Picture writes what the window shows to a PNG file.
func (b *Tab) Picture(file string) {
	b.t.Helper()
	var shot struct{ Data string }
	b.Call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
