package crash_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/internal/crash"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"counts": func(args []string) error {
			for i := 0; ; i++ {
				fmt.Println(args[0], i)
				time.Sleep(time.Millisecond)
			}
		},
		"fails": func([]string) error { fmt.Println("bye"); return errors.New("as it should") },
	})
}

// TestKill: a child runs with its arguments until it is killed, and what it printed before
// can be read after.
func TestKill(t *testing.T) {
	p := crash.Start(t, "counts", "number")
	assert.Equal(t, []string{"number 3", "3"}, p.Match(`^number (3)$`))
	p.Kill()
	next := 4
	for line := range p.Rest {
		assert.Equal(t, fmt.Sprintf("number %d", next), line)
		next++
	}
	p.Kill() // again changes nothing
}

// TestEnd: a child whose function returns has ended.
func TestEnd(t *testing.T) {
	p := crash.Start(t, "fails")
	for line := range p.Rest {
		assert.Equal(t, "bye", line)
	}
	p.Kill()
}

// TestLedger: a missing key is reported, and so is a key that was acknowledged twice.
func TestLedger(t *testing.T) {
	var l crash.Ledger[int]
	for i := range 5 {
		l.Acknowledged(fmt.Sprint("k", i), i)
	}
	assert.Equal(t, 5, l.Len())
	lost := func(_ string, v int) error {
		if v == 3 {
			return errors.New("lost")
		}
		return nil
	}
	assert.Equal(t, []string{"k3: lost"}, l.Check(lost))
	l.Acknowledged("k1", 1)
	assert.Equal(t, []string{"k1 was acknowledged twice", "k3: lost"}, l.Check(lost))
}
