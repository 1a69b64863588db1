package cli

import (
	"fmt"
	"io"
	"os"
)

// A progress shows what is being done: one line that is written over on a
// terminal, plain lines elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	shown    bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) show(done, total int, what string) {
	p.shown = true
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K[%3d %%] %s", 100*done/max(total, 1), what)
		return
	}
	fmt.Fprintf(p.w, "[%3d %%] %s\n", 100*done/max(total, 1), what)
}

// end clears the line.
func (p *progress) end() {
	if p.terminal && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
