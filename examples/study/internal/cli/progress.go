package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
)

// A progress shows on a terminal what is being done, in one line that is written
// over; elsewhere it shows nothing.
type progress struct {
	w        io.Writer
	terminal bool
	shown    bool
}

func newProgress(w io.Writer) *progress { return &progress{w: w, terminal: isTerminal(w)} }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) show(done, total int, what string) {
	if p.terminal {
		p.shown = true
		fmt.Fprintf(p.w, "\r\x1b[K[%3d %%] %s", 100*done/max(total, 1), what)
	}
}

// end clears the line.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// width is how many characters a line of w has: what COLUMNS says, or else the
// terminal; 0, for no limit, if neither does.
func width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if !isTerminal(w) {
		return 0
	}
	stty := exec.Command("stty", "size") // rows and columns, of the terminal it reads from
	stty.Stdin = w.(*os.File)
	out, err := stty.Output()
	if err != nil {
		return 0
	}
	if fields := bytes.Fields(out); len(fields) == 2 {
		n, _ := strconv.Atoi(string(fields[1]))
		return n
	}
	return 0
}
