package ringbuffer

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBytesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity, o := draw(t)
		b := NewBytes(capacity, o)
		want := newTextbook[byte](capacity, o.OnFull)
		chunk := rapid.SliceOfN(rapid.Byte(), 0, 25)
		t.Repeat(map[string]func(*rapid.T){
			"Write": func(t *rapid.T) {
				p := chunk.Draw(t, "p")
				stored := want.pushSlice(p)
				n, err := b.Write(p)
				if o.OnFull == Reject && stored < len(p) {
					require.Equal(t, ErrFull, err)
					require.Equal(t, stored, n)
				} else {
					require.NoError(t, err)
					require.Equal(t, len(p), n)
				}
			},
			"WriteString": func(t *rapid.T) {
				p := chunk.Draw(t, "p")
				stored := want.pushSlice(p)
				n, err := b.WriteString(string(p))
				require.Equal(t, o.OnFull == Reject && stored < len(p), err == ErrFull)
				require.True(t, err != nil && n == stored || err == nil && n == len(p))
			},
			"Peek": func(t *rapid.T) {
				n := rapid.IntRange(0, 12).Draw(t, "n")
				front, back := b.Peek(n)
				require.True(t, bytes.Equal(want.all()[:min(n, want.count)], slices.Concat(front, back)))
				require.Equal(t, len(front)+len(back), cap(front)+cap(back), "an append leaves the buffer alone")
			},
			"WriteByte": func(t *rapid.T) { require.Equal(t, want.Push('x'), b.WriteByte('x')) },
			"Read": func(t *rapid.T) {
				p := make([]byte, rapid.IntRange(0, 12).Draw(t, "n"))
				w := want.popN(len(p))
				n, err := b.Read(p)
				require.True(t, bytes.Equal(w, p[:n]))
				require.Equal(t, len(p) > 0 && n == 0, err == io.EOF)
			},
			"ReadByte": func(t *rapid.T) {
				w, ok := want.Pop()
				c, err := b.ReadByte()
				require.Equal(t, w, c)
				require.Equal(t, !ok, err == io.EOF)
			},
			"ReadFrom": func(t *rapid.T) {
				p := chunk.Draw(t, "p")
				src := bytes.NewReader(p)
				n, err := b.ReadFrom(iotest.OneByteReader(src))
				fits := min(len(p), capacity-want.count)
				switch {
				case o.OnFull == OverwriteOldest:
					fits = len(p)
					require.NoError(t, err)
				case fits < capacity-want.count:
					require.NoError(t, err)
				default:
					require.Equal(t, ErrFull, err)
				}
				require.Equal(t, int64(fits), n)
				require.Equal(t, len(p)-fits, src.Len(), "what was not stored is still in the source")
				want.pushSlice(p[:fits])
			},
			"WriteTo": func(t *rapid.T) {
				var out bytes.Buffer
				w := want.popN(want.count)
				n, err := b.WriteTo(&out)
				require.NoError(t, err)
				require.Equal(t, int64(len(w)), n)
				require.True(t, bytes.Equal(w, out.Bytes()))
			},
			"Clear": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
					b.Clear()
					want.popN(want.count)
				}
			},
			"": func(t *rapid.T) {
				b.r.checkInvariants()
				require.Equal(t, want.count, b.Len())
				require.Equal(t, capacity, b.Cap())
				require.Equal(t, want.dropped, b.Dropped())
				require.True(t, bytes.Equal(want.all(), items(&b.r)))
			},
		})
	})
}

func TestBytesOverwriteKeepsTheLast(t *testing.T) {
	b := NewBytes(4, Options{OnFull: OverwriteOldest})
	n, err := b.Write([]byte("abcdefgh"))
	require.NoError(t, err)
	require.Equal(t, 8, n)
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "efgh", string(got))
	require.Equal(t, uint64(4), b.Dropped())
}

func TestBytesIsAReader(t *testing.T) {
	content := []byte(strings.Repeat("flat line. ", 100))
	for _, shift := range []int{0, 1, 700, 1100} { // the content begins at different offsets
		b := NewBytes(len(content))
		_, err := b.Write(make([]byte, shift))
		require.NoError(t, err)
		_, err = io.ReadFull(b, make([]byte, shift))
		require.NoError(t, err)
		_, err = b.Write(content)
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(b, content))
	}
}

func TestBytesReadOfNothing(t *testing.T) {
	b := NewBytes(2)
	n, err := b.Read(nil)
	require.Zero(t, n)
	require.NoError(t, err)
	n, err = b.Read(make([]byte, 1))
	require.Zero(t, n)
	require.Equal(t, io.EOF, err)
	require.NoError(t, b.WriteByte('a'))
	c, err := b.ReadByte()
	require.NoError(t, err, "a write undoes EOF")
	require.Equal(t, byte('a'), c)
}

// What ReadFrom does with every kind of source.
func TestBytesReadFrom(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		src  io.Reader
		o    Options
		want string
		n    int64
		err  error
	}{
		"fits":                   {strings.NewReader("abc"), Options{}, "abc", 3, nil},
		"by half":                {iotest.HalfReader(strings.NewReader("abc")), Options{}, "abc", 3, nil},
		"with EOF":               {iotest.DataErrReader(strings.NewReader("abcd")), Options{}, "abcd", 4, nil},
		"just fits":              {strings.NewReader("abcd"), Options{}, "abcd", 4, ErrFull},
		"too much":               {strings.NewReader("abcdefg"), Options{}, "abcd", 4, ErrFull},
		"too much to drop":       {strings.NewReader("abcdefg"), Options{OnFull: DropNewest}, "abcd", 4, ErrFull},
		"too much to keep":       {strings.NewReader("abcdefg"), Options{OnFull: OverwriteOldest}, "defg", 7, nil},
		"fails":                  {io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)), Options{}, "ab", 2, broken},
		"fails with data":        {iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("ab"))), Options{}, "a", 1, iotest.ErrTimeout},
		"never returns anything": {readerFunc(func([]byte) (int, error) { return 0, nil }), Options{}, "", 0, io.ErrNoProgress},
		"counts below 0":         {readerFunc(func([]byte) (int, error) { return -1, nil }), Options{}, "", 0, errCount},
		"counts too high":        {readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), Options{}, "", 0, errCount},
	} {
		b := NewBytes(4, c.o)
		n, err := b.ReadFrom(c.src)
		assert.Equal(t, c.err, err, name)
		assert.Equal(t, c.n, n, name)
		assert.Equal(t, c.want, string(items(&b.r)), name)
		b.r.checkInvariants()
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A source that sometimes returns nothing is not one that never returns anything.
func TestBytesReadFromCountsIdleReadsInARow(t *testing.T) {
	calls := 0
	b := NewBytes(10)
	n, err := b.ReadFrom(readerFunc(func(p []byte) (int, error) {
		if calls++; calls > 500 {
			return 0, io.EOF
		}
		if calls%99 == 0 {
			p[0] = 'x'
			return 1, nil
		}
		return 0, nil
	}))
	require.NoError(t, err)
	require.Equal(t, int64(5), n)
}

func TestBytesWriteTo(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		dst  writerFunc
		left string
		n    int64
		err  error
	}{
		"takes all":       {func(p []byte) (int, error) { return len(p), nil }, "", 4, nil},
		"fails":           {func([]byte) (int, error) { return 0, broken }, "abcd", 0, broken},
		"fails late":      {func([]byte) (int, error) { return 1, broken }, "bcd", 1, broken},
		"takes too few":   {func([]byte) (int, error) { return 1, nil }, "bcd", 1, io.ErrShortWrite},
		"counts below 0":  {func([]byte) (int, error) { return -1, nil }, "abcd", 0, errCount},
		"counts too high": {func(p []byte) (int, error) { return len(p) + 1, nil }, "abcd", 0, errCount},
	} {
		b := NewBytes(4)
		_, _ = b.Write([]byte("..ab"))
		_, _ = b.Read(make([]byte, 2))
		_, _ = b.Write([]byte("cd"))
		n, err := b.WriteTo(c.dst)
		assert.Equal(t, c.err, err, name)
		assert.Equal(t, c.n, n, name)
		assert.Equal(t, c.left, string(items(&b.r)), name)
		b.r.checkInvariants()
	}
}

// A panic in the caller's reader or writer leaves the buffer as it was.
func TestBytesSurvivesPanics(t *testing.T) {
	b := NewBytes(4)
	_, _ = b.Write([]byte("abc"))
	require.Panics(t, func() { _, _ = b.ReadFrom(readerFunc(func([]byte) (int, error) { panic("no") })) })
	require.Panics(t, func() { _, _ = b.WriteTo(writerFunc(func([]byte) (int, error) { panic("no") })) })
	require.Equal(t, "abc", string(items(&b.r)))
	require.NoError(t, b.WriteByte('d'))
}

func TestIOCopy(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	b := NewBytes(1000, Options{OnFull: OverwriteOldest})
	n, err := io.Copy(b, strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, int64(len(text)), n)
	var out strings.Builder
	n, err = io.Copy(&out, b)
	require.NoError(t, err)
	require.Equal(t, int64(1000), n)
	require.Equal(t, text[9000:], out.String())
}

func TestBytesPeek(t *testing.T) {
	b := NewBytes(4)
	_, _ = b.WriteString("abc")
	_, _ = b.Read(make([]byte, 2))
	_, _ = b.WriteString("def")
	front, back := b.Peek(3)
	require.Equal(t, []string{"cd", "e"}, []string{string(front), string(back)})
	require.PanicsWithValue(t, "ringbuffer: Peek(-1)", func() { b.Peek(-1) })
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b.Peek(2)
		_, _ = b.WriteString("x")
	}))
}
