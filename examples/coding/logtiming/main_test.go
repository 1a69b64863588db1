package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		`level=INFO msg="wrong, argument of defer" took=0s`,
		`level=INFO msg="right, Timed" took=50ms max=50ms`)
}

// A line has the fields of a log line that the tests read.
type line struct {
	Level     string
	Took, Max time.Duration
	Source    struct {
		File string
		Line int
	}
}

// lines reads what a JSON handler has written.
func lines(t *testing.T, log *bytes.Buffer) (all []line) {
	for d := json.NewDecoder(log); ; {
		var l line
		err := d.Decode(&l)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, l)
	}
}

func sleep(_ context.Context, d time.Duration) (int, error) { time.Sleep(d); return 0, nil }

// TestTimeIsTakenAtTheEnd: the trap. The textbook's deferred call says 0; vet finds it
// only where the argument is time.Since itself.
func TestTimeIsTakenAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		handler := slog.NewJSONHandler(&log, nil)
		_, err := tooSoon(Timing{Handler: handler, Now: time.Now}, "sleep", sleep)(t.Context(), time.Second)
		require.NoError(t, err)
		_, err = Timed(Timing{Handler: handler, Window: 1}, "sleep", sleep)(t.Context(), time.Second)
		require.NoError(t, err)
		got := lines(t, &log)
		assert.Zero(t, got[0].Took)
		assert.Equal(t, time.Second, got[1].Took)
	})
}

// TestMaximumComesDown: the longest call counts for t.Window calls.
func TestMaximumComesDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := Timed(Timing{Handler: slog.NewJSONHandler(&log, nil), Window: 3}, "sleep", sleep)
		for _, d := range []time.Duration{1, 9, 2, 3, 4, 1, 1, 1} {
			_, err := f(t.Context(), d)
			require.NoError(t, err)
		}
		var maxima []time.Duration
		for _, l := range lines(t, &log) {
			maxima = append(maxima, l.Max)
		}
		assert.Equal(t, []time.Duration{1, 9, 9, 9, 4, 4, 4, 1}, maxima)
	})
}

// TestSource: a line has the caller's place in the source, not the decorator's.
func TestSource(t *testing.T) {
	var log bytes.Buffer
	f := Timed(Timing{Handler: slog.NewJSONHandler(&log, &slog.HandlerOptions{AddSource: true}), Window: 1}, "sleep", sleep)
	_, file, here, _ := runtime.Caller(0)
	_, _ = f(t.Context(), 0)
	got := lines(t, &log)[0].Source
	assert.Equal(t, file, got.File)
	assert.Equal(t, here+1, got.Line)
}

// TestNotLogged: a call below the handler's level still counts for the maximum.
func TestNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		handler := slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})
		f := Timed(Timing{Handler: handler, Window: 2}, "sleep", func(_ context.Context, d time.Duration) (int, error) {
			if time.Sleep(d); d == 1 {
				return 0, io.EOF
			}
			return 0, nil
		})
		_, err := f(t.Context(), time.Hour)
		require.NoError(t, err)
		_, err = f(t.Context(), 1)
		require.ErrorIs(t, err, io.EOF)
		got := lines(t, &log)
		require.Len(t, got, 1)
		assert.Equal(t, "WARN", got[0].Level)
		assert.Equal(t, time.Hour, got[0].Max)
	})
}

// TestGoexit: a goroutine that ends inside the call is logged as an error.
func TestGoexit(t *testing.T) {
	var log bytes.Buffer
	f := Timed(Timing{Handler: slog.NewJSONHandler(&log, nil), Window: 1}, "exit", func(context.Context, int) (int, error) {
		runtime.Goexit()
		return 0, nil
	})
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = f(t.Context(), 0) })
	wg.Wait()
	assert.Equal(t, "ERROR", lines(t, &log)[0].Level)
}

// TestTogether: no line's maximum is less than its own time, also with concurrent calls.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := Timed(Timing{Handler: slog.NewJSONHandler(&log, nil), Window: 4}, "sleep", sleep)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() { _, _ = f(t.Context(), time.Duration(i*37%100)) })
		}
		wg.Wait()
		got := lines(t, &log)
		assert.Len(t, got, 100)
		for _, l := range got {
			assert.GreaterOrEqual(t, l.Max, l.Took)
		}
	})
}
