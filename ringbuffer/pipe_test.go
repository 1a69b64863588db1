package ringbuffer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// checkInvariants panics if I7 of the package doc does not hold. No operation may be
// running, except those that wait.
func (p *pipe) checkInvariants() {
	head, tail := p.reader.count(), p.writer.count()
	if head > tail || tail-head > p.capacity || p.reader.moved.Load() != head {
		panic("I7: the ends of a pipe")
	}
}

var cancelled = func() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(assert.AnError)
	return ctx
}()

func TestPipeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 20).Draw(t, "capacity")
		p, want := NewPipe(capacity), newTextbook[byte](capacity, Reject)
		var closed error
		chunk := rapid.SliceOfN(rapid.Byte(), 0, 25)
		t.Repeat(map[string]func(*rapid.T){
			"Write": func(t *rapid.T) {
				b := chunk.Draw(t, "b")
				b = b[:min(len(b), capacity-want.count)]
				n, err := p.Write(b)
				if closed != nil && len(b) > 0 {
					require.Equal(t, io.ErrClosedPipe, err)
					require.Zero(t, n)
					return
				}
				require.NoError(t, err)
				require.Equal(t, want.pushSlice(b), n)
			},
			"ReadFrom": func(t *rapid.T) {
				b := chunk.Draw(t, "b")
				b = b[:min(len(b), max(0, capacity-want.count-1))]
				if want.count == capacity {
					return // it would wait for space
				}
				n, err := p.ReadFrom(iotest.OneByteReader(bytes.NewReader(b)))
				if closed != nil {
					require.Equal(t, io.ErrClosedPipe, err)
					return
				}
				require.NoError(t, err)
				require.EqualValues(t, want.pushSlice(b), n)
			},
			"Read": func(t *rapid.T) {
				b := make([]byte, rapid.IntRange(0, 12).Draw(t, "n"))
				if want.count == 0 && closed == nil {
					return // it would wait
				}
				w := want.popN(len(b))
				n, err := p.Read(b)
				require.True(t, bytes.Equal(w, b[:n]))
				require.Equal(t, len(b) > 0 && n == 0, err == io.EOF)
			},
			"EndedContext": func(t *rapid.T) {
				n, err := p.ReadContext(cancelled, make([]byte, 1))
				require.Zero(t, n)
				require.Equal(t, assert.AnError, err)
				n, err = p.WriteContext(cancelled, make([]byte, 1))
				require.Zero(t, n)
				require.Equal(t, assert.AnError, err)
			},
			"Close": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					require.NoError(t, p.Close())
					closed = io.EOF
				}
			},
			"WriteTo": func(t *rapid.T) {
				if closed == nil {
					return // it would wait
				}
				var out bytes.Buffer
				w := want.popN(want.count)
				n, err := p.WriteTo(&out)
				require.NoError(t, err)
				require.EqualValues(t, len(w), n)
				require.True(t, bytes.Equal(w, out.Bytes()))
			},
			"": func(t *rapid.T) {
				p.impl.checkInvariants()
				require.Equal(t, want.count, p.Len())
				require.Equal(t, capacity, p.Cap())
			},
		})
	})
}

// random returns n bytes, the same at each call.
func random(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestPipeIsAReader: iotest reads a pipe that another goroutine writes.
func TestPipeIsAReader(t *testing.T) {
	content := random(3000)
	for _, capacity := range []int{1, 7, 64, 5000} {
		for name, write := range map[string]func(p *Pipe) error{
			"Write":    func(p *Pipe) error { _, err := p.Write(content); return err },
			"ReadFrom": func(p *Pipe) error { _, err := p.ReadFrom(iotest.HalfReader(bytes.NewReader(content))); return err },
			"by bytes": func(p *Pipe) error { _, err := io.Copy(p, iotest.OneByteReader(bytes.NewReader(content))); return err },
		} {
			p := NewPipe(capacity)
			go func() { _ = p.CloseWithError(write(p)) }()
			require.NoError(t, iotest.TestReader(p, content), "%s, capacity %d", name, capacity)
			p.impl.checkInvariants()
		}
	}
}

// onlyReader and onlyWriter hide ReadFrom and WriteTo from io.Copy.
type onlyReader struct{ io.Reader }

type onlyWriter struct{ io.Writer }

// TestPipeCopy: io.Copy into a pipe and out of it, with and without ReadFrom and WriteTo.
func TestPipeCopy(t *testing.T) {
	content := random(100_000)
	for _, capacity := range []int{3, 1000, 4096} {
		for way := range 4 {
			p := NewPipe(capacity)
			var into io.Writer = p
			var from io.Reader = p
			if way&1 == 1 {
				into = onlyWriter{p}
			}
			if way&2 == 2 {
				from = onlyReader{p}
			}
			go func() {
				n, err := io.Copy(into, onlyReader{bytes.NewReader(content)})
				assert.NoError(t, err)
				assert.EqualValues(t, len(content), n)
				assert.NoError(t, p.Close())
			}()
			var out bytes.Buffer
			n, err := io.Copy(onlyWriter{&out}, from)
			require.NoError(t, err)
			require.EqualValues(t, len(content), n)
			require.True(t, bytes.Equal(content, out.Bytes()))
		}
	}
}

// TestPipeWritesStayTogether: of many writers, no bytes of one Write are separated, and
// each byte is read by one reader.
func TestPipeWritesStayTogether(t *testing.T) {
	const writers = 4
	rounds := short(1000)
	for _, capacity := range []int{1, 5, 64} {
		p := NewPipe(capacity)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				b := bytes.Repeat([]byte{byte('a' + w)}, 7)
				for range rounds {
					if n, err := p.Write(b); n != len(b) || err != nil {
						t.Errorf("%d bytes, %v", n, err)
					}
				}
			})
		}
		go func() { wg.Wait(); _ = p.Close() }()
		all, err := io.ReadAll(p)
		require.NoError(t, err)
		require.Len(t, all, writers*rounds*7)
		for i := 0; i < len(all); i += 7 {
			require.Equal(t, strings.Repeat(string(all[i]), 7), string(all[i:i+7]))
		}
	}
}

func TestPipeClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe(4)
		writes := make([]int, 3)
		for i := range writes { // one fills the pipe and waits for space, two to own the end
			go func() {
				n, err := p.Write([]byte("abcdef"))
				assert.Equal(t, io.ErrClosedPipe, err)
				writes[i] = n
			}()
			synctest.Wait()
		}
		require.NoError(t, p.Close())
		require.NoError(t, p.CloseWithError(assert.AnError), "only the first call counts")
		synctest.Wait()
		assert.Equal(t, []int{4, 0, 0}, writes)
		n, err := p.Write([]byte("x"))
		assert.Zero(t, n)
		assert.Equal(t, io.ErrClosedPipe, err)
		rest, err := io.ReadAll(p)
		assert.NoError(t, err)
		assert.Equal(t, "abcd", string(rest), "what was written before can be read")

		for _, c := range []struct{ err, read, write error }{
			{nil, io.EOF, io.ErrClosedPipe}, {io.EOF, io.EOF, io.ErrClosedPipe}, {assert.AnError, assert.AnError, assert.AnError},
		} {
			p = NewPipe(4)
			go func() {
				_, err := p.Read(make([]byte, 1))
				assert.Equal(t, c.read, err)
			}()
			go func() {
				_, err := p.WriteTo(io.Discard)
				if c.err == assert.AnError {
					assert.Equal(t, c.read, err)
				} else {
					assert.NoError(t, err)
				}
			}()
			synctest.Wait()
			require.NoError(t, p.CloseWithError(c.err))
			_, err = p.Write([]byte("x"))
			assert.Equal(t, c.write, err)
			_, err = p.ReadFrom(strings.NewReader("x"))
			assert.Equal(t, c.write, err)
			synctest.Wait()
		}
	})
}

// TestPipeWakes: one byte, or space for one, wakes a goroutine that waits for it; a Write
// that needs more is woken when half of the capacity is free.
func TestPipeWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe(8)
		read, wrote := 0, 0
		go func() { read, _ = p.Read(make([]byte, 8)) }()
		synctest.Wait()
		_, err := p.Write([]byte("a"))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 1, read)

		_, err = p.Write([]byte("bcdefghi"))
		require.NoError(t, err)
		go func() { wrote, _ = p.Write([]byte("j")) }()
		synctest.Wait()
		_, err = p.Read(make([]byte, 1))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 1, wrote)

		go func() { wrote, _ = p.Write([]byte("klmnopqrst")) }()
		synctest.Wait()
		_, err = p.Read(make([]byte, 3))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 5, p.Len(), "it sleeps on")
		_, err = p.Read(make([]byte, 1))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 8, p.Len(), "four of ten are in")
		rest, err := io.ReadAll(io.LimitReader(p, 14))
		require.NoError(t, err)
		assert.Equal(t, "ghijklmnopqrst", string(rest))
		synctest.Wait()
		assert.Equal(t, 10, wrote)
	})
}

// TestPipeContexts: a wait for bytes, for space, or to own an end ends with its context;
// the call returns how much was stored before, and the pipe stays usable.
func TestPipeContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPipe(4)
		ctx, cancel := context.WithCancelCause(context.Background())
		n := make([]int, 4)
		for i, call := range []func([]byte) (int, error){
			func(b []byte) (int, error) { return p.ReadContext(ctx, b) },
			func(b []byte) (int, error) { return p.ReadContext(ctx, b) },
		} {
			go func() {
				var err error
				n[i], err = call(make([]byte, 6))
				assert.Equal(t, assert.AnError, err)
			}()
		}
		synctest.Wait()
		cancel(assert.AnError)
		synctest.Wait()
		ctx, cancel = context.WithCancelCause(context.Background())
		for i := range 2 {
			go func() {
				var err error
				n[2+i], err = p.WriteContext(ctx, []byte("abcdef"))
				assert.Equal(t, assert.AnError, err)
			}()
			synctest.Wait()
		}
		cancel(assert.AnError)
		synctest.Wait()
		assert.Equal(t, []int{0, 0, 4, 0}, n)
		b := make([]byte, 6)
		k, err := p.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "abcd", string(b[:k]))
		k, err = p.WriteContext(context.Background(), []byte("e"))
		require.NoError(t, err)
		assert.Equal(t, 1, k)
	})
}

// TestPipeOwnerIsNotLost: a goroutine that gives up its wait to own an end may just have
// been made its owner; then it passes the end on.
func TestPipeOwnerIsNotLost(t *testing.T) {
	p := NewPipe(4)
	for range 200 {
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		n, err := p.ReadFrom(readerFunc(func([]byte) (int, error) { // this call owns the end
			wg.Go(func() { _, _ = p.WriteContext(ctx, []byte("a")) })
			for p.impl.writer.users.Load() < 2 {
				runtime.Gosched()
			}
			cancel()
			return 0, io.EOF
		}))
		require.Zero(t, n)
		require.NoError(t, err)
		wg.Wait()
		require.Zero(t, p.impl.writer.users.Load())
		require.Empty(t, p.impl.writer.next, "an end passed to no goroutine")
		for p.Len() > 0 { // it became the owner before it saw the end of its context
			_, _ = p.Read(make([]byte, 1))
		}
	}
}

// TestPipeReadersAndWritersFail: an error, a panic or the end of the goroutine in a
// caller's Reader or Writer releases the end and loses no byte.
func TestPipeReadersAndWritersFail(t *testing.T) {
	p := NewPipe(8)
	_, err := p.Write([]byte("abc"))
	require.NoError(t, err)
	no := errors.New("no")
	for _, f := range []func(b []byte) (int, error){
		func([]byte) (int, error) { return 0, no },
		func([]byte) (int, error) { panic(no) },
		func(b []byte) (int, error) { return len(b) + 1, nil },
		func([]byte) (int, error) { return -1, nil },
	} {
		call := func(f func() (int64, error)) {
			defer func() { _ = recover() }()
			n, err := f()
			assert.Zero(t, n)
			assert.Contains(t, []error{no, errCount}, err)
		}
		call(func() (int64, error) { return p.ReadFrom(readerFunc(f)) })
		call(func() (int64, error) { return p.WriteTo(writerFunc(f)) })
		assert.Equal(t, 3, p.Len())
	}
	n, err := p.ReadFrom(readerFunc(func([]byte) (int, error) { return 0, nil }))
	assert.Zero(t, n)
	assert.Equal(t, io.ErrNoProgress, err)
	n, err = p.WriteTo(writerFunc(func(b []byte) (int, error) { return 1, nil }))
	assert.EqualValues(t, 1, n)
	assert.Equal(t, io.ErrShortWrite, err)
	b := make([]byte, 8)
	k, err := p.Read(b)
	require.NoError(t, err)
	assert.Equal(t, "bc", string(b[:k]))
}

func TestPipeAllocations(t *testing.T) {
	p := NewPipe(64)
	b := make([]byte, 48)
	src := bytes.NewReader(b)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = p.Write(b)
		_, _ = p.Read(b)
		src.Reset(b)
		_, _ = p.ReadFrom(src)
		_, _ = p.Read(b)
	}))
}

func TestPipeMustBeMade(t *testing.T) {
	var p Pipe
	for name, call := range map[string]func(){
		"Read": func() { _, _ = p.Read(nil) }, "Write": func() { _, _ = p.Write(nil) }, "Len": func() { p.Len() }, "Cap": func() { p.Cap() },
		"ReadContext": func() { _, _ = p.ReadContext(cancelled, nil) }, "WriteContext": func() { _, _ = p.WriteContext(cancelled, nil) },
		"ReadFrom": func() { _, _ = p.ReadFrom(nil) }, "WriteTo": func() { _, _ = p.WriteTo(nil) },
		"Close": func() { _ = p.Close() }, "CloseWithError": func() { _ = p.CloseWithError(nil) },
	} {
		assert.PanicsWithValue(t, "ringbuffer: Pipe must be made by NewPipe", call, name)
	}
}
