package wal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/internal/crash"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"append": appendForever})
}

// replayed opens the log in dir and returns what it holds: the snapshot's text, and the
// records after it.
func replayed(dir string) (snap string, recs []string, err error) {
	l, err := Open(dir, Options{NoSync: true})
	if err != nil {
		return "", nil, err
	}
	defer l.Close()
	err = l.Replay(func(r io.Reader) error {
		b, err := io.ReadAll(r)
		snap = string(b)
		return err
	}, func(seq uint64, rec []byte) error {
		recs = append(recs, fmt.Sprintf("%d %s", seq, rec))
		return nil
	})
	return snap, recs, err
}

func bytesOf(recs ...string) (all [][]byte) {
	for _, r := range recs {
		all = append(all, []byte(r))
	}
	return all
}

// TestModel: for any sequence of appends, snapshots and reopenings, Replay yields what
// was acknowledged, once, in order.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "wal")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		var all, applied []string
		open := func() *Log {
			l, err := Open(dir, Options{
				NoSync: true, SegmentSize: int64(rapid.IntRange(1, 200).Draw(t, "segment")),
				Applied: func(seq uint64, rec []byte) { applied = append(applied, fmt.Sprintf("%d %s", seq, rec)) },
			})
			require.NoError(t, err)
			return l
		}
		l, snapshotted := open(), 0
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "op") {
			case 0:
				require.NoError(t, l.Snapshot(t.Context(), func(w io.Writer) error {
					_, err := fmt.Fprint(w, strings.Join(all, "\n"))
					return err
				}))
				snapshotted = len(all)
			case 1:
				require.NoError(t, l.Close())
				snap, recs, err := replayed(dir)
				require.NoError(t, err)
				require.Equal(t, strings.Join(all[:snapshotted], "\n"), snap)
				require.Equal(t, append([]string{}, all[snapshotted:]...), append([]string{}, recs...))
				l = open()
			default:
				recs := rapid.SliceOfN(rapid.StringN(0, 30, 60), 1, 4).Draw(t, "recs")
				first, err := l.Append(t.Context(), bytesOf(recs...)...)
				require.NoError(t, err)
				for i, r := range recs {
					all = append(all, fmt.Sprintf("%d %s", first+uint64(i), r))
				}
				require.EqualValues(t, len(all), first+uint64(len(recs))-1)
			}
			require.Equal(t, len(all), len(applied))
		}
		require.Equal(t, all, applied)
		require.NoError(t, l.Close())
	})
}

// small writes a log of six frames with two records each in segments of three frames, and
// returns its files.
func small(t *testing.T) (dir string, segments []string) {
	dir = t.TempDir()
	l, err := Open(dir, Options{SegmentSize: 90})
	require.NoError(t, err)
	for i := range 6 {
		_, err := l.Append(t.Context(), bytesOf(fmt.Sprint("record ", i), "x")...)
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
	segments, err = filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	require.Len(t, segments, 2)
	return dir, segments
}

// TestDamage: each byte of a small log is changed, and the log is cut at each byte. Open
// then accepts all the records, or all but those of the last frame if that one is
// damaged; anything else is ErrCorrupt. After a cut it accepts the whole frames.
func TestDamage(t *testing.T) {
	dir, segments := small(t)
	_, whole, err := replayed(dir)
	require.NoError(t, err)
	require.Len(t, whole, 12)
	torn, corrupt := 0, 0
	for i, name := range segments {
		good, err := os.ReadFile(name)
		require.NoError(t, err)
		frame := len(good) / 3
		try := func(what string, b []byte, want int) {
			write := func(b []byte) { // a new file: truncating one makes some file systems flush it
				require.NoError(t, os.Remove(name))
				require.NoError(t, os.WriteFile(name, b, 0o600))
			}
			write(b)
			_, recs, err := replayed(dir)
			if want < 0 {
				corrupt++
				require.ErrorIs(t, err, ErrCorrupt, what)
			} else {
				torn++
				require.NoError(t, err, what)
				require.Equal(t, whole[:want], recs, what)
				l, err := Open(dir, Options{NoSync: true})
				require.NoError(t, err, what)
				seq, err := l.Append(t.Context(), []byte("more"))
				require.NoError(t, errors.Join(err, l.Close()), what)
				_, more, err := replayed(dir)
				require.NoError(t, err, what)
				require.Equal(t, append(recs, fmt.Sprint(seq, " more")), more, "what is appended behind the cut is found")
			}
			write(good)
		}
		for at := range good {
			want := -1
			if i == 1 && at >= 2*frame {
				want = 10
			}
			b := append([]byte(nil), good...)
			b[at] ^= 1 << (at % 8)
			try(fmt.Sprintf("segment %d, byte %d", i, at), b, want)
			want = -1
			if i == 1 {
				want = 6 + at/frame*2
			}
			try(fmt.Sprintf("segment %d cut at %d", i, at), good[:at], want)
		}
		if i == 1 {
			try("zeros behind", append(append([]byte(nil), good...), make([]byte, 40)...), 12)
			try("half a frame behind", append(append([]byte(nil), good...), good[:frame-1]...), 12)
		}
	}
	t.Logf("%d logs were opened without the torn end, %d were refused", torn, corrupt)
	require.NoError(t, os.Remove(segments[0]))
	_, _, err = replayed(dir)
	require.ErrorIs(t, err, ErrCorrupt, "a missing segment")
}

// TestSnapshotDamage: a snapshot with any damaged byte, or cut anywhere, is refused.
func TestSnapshotDamage(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	require.NoError(t, err)
	_, err = l.Append(t.Context(), []byte("a"), []byte("b"))
	require.NoError(t, err)
	require.NoError(t, l.Snapshot(t.Context(), func(w io.Writer) error { _, err := io.WriteString(w, "state"); return err }))
	_, err = l.Append(t.Context(), []byte("c"))
	require.NoError(t, err)
	assert.Error(t, l.Replay(nil, nil), "after an Append")
	require.NoError(t, l.Close())
	left, err := filepath.Glob(filepath.Join(dir, "*.log"))
	require.NoError(t, err)
	assert.Len(t, left, 1, "the segment before the snapshot was removed")
	snap, recs, err := replayed(dir)
	require.NoError(t, err)
	assert.Equal(t, "state", snap)
	assert.Equal(t, []string{"3 c"}, recs)
	names, err := filepath.Glob(filepath.Join(dir, "*.snap"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	good, err := os.ReadFile(names[0])
	require.NoError(t, err)
	for at := range good {
		b := append([]byte(nil), good...)
		b[at] ^= 1
		for _, b := range [][]byte{b, good[:at]} {
			require.NoError(t, os.WriteFile(names[0], b, 0o600))
			_, _, err := replayed(dir)
			require.ErrorIs(t, err, ErrCorrupt, "byte %d", at)
		}
	}
	require.NoError(t, os.Remove(names[0]))
	_, _, err = replayed(dir)
	require.ErrorIs(t, err, ErrCorrupt, "without its snapshot the log has a gap")
}

// TestSnapshotCut: a crash at each point of a snapshot leaves a log that opens with
// everything. The points are the states of the directory between the renames.
func TestSnapshotCut(t *testing.T) {
	build := func() (string, []byte) {
		dir := t.TempDir()
		l, err := Open(dir, Options{})
		require.NoError(t, err)
		_, err = l.Append(t.Context(), []byte("a"), []byte("b"))
		require.NoError(t, err)
		old, err := os.ReadFile(l.path(1, segmentExt))
		require.NoError(t, err)
		require.NoError(t, l.Snapshot(t.Context(), func(w io.Writer) error { _, err := io.WriteString(w, "ab"); return err }))
		require.NoError(t, l.Close())
		return dir, old
	}
	name := func(dir string, seq int, ext string) string {
		return filepath.Join(dir, fmt.Sprintf("%016x%s", seq, ext))
	}
	for what, spoil := range map[string]func(dir string, old []byte) error{
		"before the new segment": func(dir string, old []byte) error {
			return errors.Join(os.Remove(name(dir, 3, segmentExt)), os.WriteFile(name(dir, 1, segmentExt), old, 0o600))
		},
		"before the old one is removed": func(dir string, old []byte) error { return os.WriteFile(name(dir, 1, segmentExt), old, 0o600) },
		"in the temporary file": func(dir string, _ []byte) error {
			return os.WriteFile(filepath.Join(dir, "snapshot.tmp"), []byte("x"), 0o600)
		},
		"without any segment": func(dir string, _ []byte) error { return os.Remove(name(dir, 3, segmentExt)) },
	} {
		dir, old := build()
		require.NoError(t, spoil(dir, old), what)
		snap, recs, err := replayed(dir)
		require.NoError(t, err, what)
		assert.Equal(t, "ab", snap, what)
		assert.Empty(t, recs, "%s: the snapshot has them", what)
		l, err := Open(dir, Options{})
		require.NoError(t, err, what)
		seq, err := l.Append(t.Context(), []byte("c"))
		require.NoError(t, err, what)
		assert.EqualValues(t, 3, seq, what)
		require.NoError(t, l.Snapshot(t.Context(), func(w io.Writer) error { _, err := io.WriteString(w, "abc"); return err }))
		require.NoError(t, l.Close())
		snap, recs, err = replayed(dir)
		require.NoError(t, err, what)
		assert.Equal(t, "abc", snap, what)
		assert.Empty(t, recs, what)
	}
}

// badFile is a file whose disk fails on demand.
type badFile struct {
	File
	fail *error
	cut  bool // writes half before it fails
}

func (f badFile) Sync() error {
	if !f.cut && *f.fail != nil {
		return *f.fail
	}
	return f.File.Sync()
}

func (f badFile) Write(b []byte) (int, error) {
	if f.cut && *f.fail != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, *f.fail
	}
	return f.File.Write(b)
}

// TestFailedDisk: after a failed write or fsync nothing is accepted, even if the disk
// recovers; what was acknowledged before is stored, and Applied saw nothing else.
func TestFailedDisk(t *testing.T) {
	for name, cut := range map[string]bool{"fsync": false, "write": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var fail error
			var applied []string
			l, err := Open(dir, Options{
				OpenFile: func(name string) (File, error) {
					f, err := OpenFile(name)
					return badFile{f, &fail, cut}, err
				},
				Applied: func(_ uint64, rec []byte) { applied = append(applied, string(rec)) },
			})
			require.NoError(t, err)
			_, err = l.Append(t.Context(), []byte("good"))
			require.NoError(t, err)
			fail = errors.New("no space")
			_, err = l.Append(t.Context(), []byte("bad"))
			require.ErrorIs(t, err, ErrFailed)
			require.ErrorIs(t, err, fail)
			fail = nil
			for range 3 {
				_, err = l.Append(t.Context(), []byte("after"))
				require.ErrorIs(t, err, ErrFailed, "for good")
			}
			require.ErrorIs(t, l.Snapshot(t.Context(), func(io.Writer) error { return nil }), ErrFailed)
			assert.Equal(t, []string{"good"}, applied)
			assert.ErrorIs(t, l.Close(), ErrFailed)
			_, recs, err := replayed(dir)
			require.NoError(t, err)
			assert.Equal(t, "1 good", recs[0])
			assert.NotContains(t, recs, "2 after")
		})
	}
}

// slowFile is a file whose fsync waits for a release.
type slowFile struct {
	File
	release chan struct{}
}

func (f slowFile) Sync() error {
	<-f.release
	return f.File.Sync()
}

// TestConcurrent: many goroutines append at the same time. Each Append's records are
// consecutive, Applied and Replay see one order, and there are fewer commits than Appends.
func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	var applied []string
	const writers, each = 16, 20
	release := make(chan struct{})
	l, err := Open(dir, Options{
		Applied:  func(seq uint64, rec []byte) { applied = append(applied, fmt.Sprintf("%d %s", seq, rec)) },
		OpenFile: func(name string) (File, error) { f, err := OpenFile(name); return slowFile{f, release}, err },
	})
	require.NoError(t, err)
	go func() { // the first fsync takes until all others are waiting
		for l.queue.Stats().Puts < writers {
			runtime.Gosched()
		}
		close(release)
	}()
	var wg sync.WaitGroup
	var mu sync.Mutex
	want := map[uint64]string{}
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				a, b := fmt.Sprintf("%d/%d a", w, i), fmt.Sprintf("%d/%d b", w, i)
				first, err := l.Append(t.Context(), []byte(a), []byte(b))
				if !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				want[first], want[first+1] = a, b
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close())
	require.Len(t, applied, 2*writers*each)
	require.Len(t, want, len(applied))
	for i, got := range applied {
		require.Equal(t, fmt.Sprintf("%d %s", i+1, want[uint64(i+1)]), got)
	}
	_, recs, err := replayed(dir)
	require.NoError(t, err)
	require.Equal(t, applied, recs)
	t.Logf("%d appends in %d commits", writers*each, l.Commits())
	assert.Less(t, l.Commits(), uint64(writers*each), "what waited for the first fsync is one commit")
}

// TestArguments: bad arguments are refused and change nothing.
func TestArguments(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	seq, err := l.Append(t.Context())
	assert.NoError(t, err)
	assert.Zero(t, seq)
	_, err = l.Append(t.Context(), make([]byte, MaxAppend-3))
	assert.ErrorIs(t, err, ErrTooLarge)
	_, err = l.Append(t.Context(), make([]byte, MaxAppend-4))
	assert.NoError(t, err, "the largest record")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Append(ctx, []byte("no"))
	assert.ErrorIs(t, err, context.Canceled)
	bad := errors.New("the caller's")
	assert.ErrorIs(t, l.Snapshot(t.Context(), func(io.Writer) error { return bad }), bad)
	switch runtime.GOOS {
	case "linux", "darwin":
		_, err = Open(dir, Options{})
		assert.ErrorIs(t, err, ErrLocked)
	}
	require.NoError(t, l.Close())
	assert.ErrorIs(t, l.Close(), ErrClosed)
	_, err = l.Append(t.Context(), []byte("no"))
	assert.ErrorIs(t, err, ErrClosed)
	_, recs, err := replayed(dir)
	require.NoError(t, err)
	assert.Len(t, recs, 1, "the largest record is read again")
}

// appendForever appends numbers from several goroutines and prints each that was
// acknowledged, with snapshots in between.
func appendForever(args []string) error {
	var mu sync.Mutex
	state := map[uint64]bool{}
	l, err := Open(args[0], Options{SegmentSize: 2000, Applied: func(_ uint64, rec []byte) { state[binary.LittleEndian.Uint64(rec)] = true }})
	if err != nil {
		return err
	}
	err = l.Replay(func(r io.Reader) error {
		var n uint64
		for binary.Read(r, binary.LittleEndian, &n) == nil {
			state[n] = true
		}
		return nil
	}, func(_ uint64, rec []byte) error {
		state[binary.LittleEndian.Uint64(rec)] = true
		return nil
	})
	if err != nil {
		return err
	}
	for n := range state {
		fmt.Println("found", n)
	}
	fmt.Println("ready")
	from, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	for range 8 {
		go func() {
			for {
				mu.Lock()
				n := from
				from++
				mu.Unlock()
				if _, err := l.Append(context.Background(), binary.LittleEndian.AppendUint64(nil, n)); err != nil {
					panic(err)
				}
				fmt.Println("acknowledged", n)
			}
		}()
	}
	for {
		err := l.Snapshot(context.Background(), func(w io.Writer) error {
			for n := range state {
				if err := binary.Write(w, binary.LittleEndian, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// TestKill: a process that appends and takes snapshots is killed with kill -9 again and
// again; each new process finds everything that was acknowledged.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var ledger crash.Ledger[uint64]
	rounds := 6
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds {
		p := crash.Start(t, "append", dir, strconv.Itoa(round*1_000_000))
		found := map[string]bool{}
		for {
			m := p.Match(`^(found|ready) ?(\d*)$`)
			if m[1] == "ready" {
				break
			}
			found[m[2]] = true
		}
		lost := ledger.Check(func(key string, _ uint64) error {
			if !found[key] {
				return errors.New("lost")
			}
			return nil
		})
		require.Empty(t, lost)
		for range 40 + 13*round {
			ledger.Acknowledged(p.Match(`^acknowledged (\d+)$`)[1], 0)
		}
		p.Kill()
		for line := range p.Rest {
			if n, ok := strings.CutPrefix(line, "acknowledged "); ok {
				ledger.Acknowledged(n, 0)
			}
		}
	}
	t.Logf("%d records were acknowledged over %d crashes", ledger.Len(), rounds)
}
