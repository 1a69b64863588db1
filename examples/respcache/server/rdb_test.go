package server

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// someFile is a file with values in all forms, and with deadlines.
func someFile(t testing.TB) []byte {
	s := stopped(t, Options{now: func() int64 { return 1_000_000 }})
	own := s.internalSession(fromClient)
	for i, v := range []string{"", "x", "12", "-300", "70000", "9999999999", strings.Repeat("y", 100), strings.Repeat("z", 17000)} {
		ask(own, "SET", fmt.Sprint("k", i), v)
		ask(own, "SET", fmt.Sprint(i), v, "PX", fmt.Sprint(1000+i))
	}
	var b bytes.Buffer
	require.NoError(t, s.writeState(&b, false))
	return b.Bytes()
}

// loadFile loads a file as the start of a server does. There are no keys with an error.
func loadFile(t testing.TB, file []byte) (map[string]string, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, dumpName), file, 0o600))
	s, err := New(Options{Dir: dir, now: func() int64 { return 1_000_000 }})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.state(), nil
}

// TestFileCutAtEachByte, or with another byte in any place: the server does not start.
func TestFileCutAtEachByte(t *testing.T) {
	t.Parallel()
	file := someFile(t)
	got, err := loadFile(t, file)
	require.NoError(t, err)
	require.Len(t, got, 16)
	load := func(file []byte) error {
		s := stopped(t, Options{})
		own := s.internalSession(fromFile)
		defer own.release()
		_, err := own.loadRDB(&rdbReader{in: bytes.NewReader(file)}, withExpired, nil)
		return err
	}
	require.NoError(t, load(file))
	for n := range file {
		if n > 400 && n < len(file)-400 && n%97 != 0 { // the middle of the long value
			continue
		}
		require.Error(t, load(file[:n]), "cut at %d of %d", n, len(file))
		damaged := bytes.Clone(file)
		damaged[n] ^= 1 << (n % 8)
		require.Error(t, load(damaged), "byte %d is damaged", n)
	}
	for _, n := range []int{0, 5, 9, 40, len(file) - 9, len(file) - 8, len(file) - 1} { // and so does a start
		_, err := loadFile(t, file[:n])
		require.Error(t, err, "cut at %d", n)
	}
}

// TestFileInSmallReads: it does not matter how many bytes a read returns.
func TestFileInSmallReads(t *testing.T) {
	file := someFile(t)
	want := stateOf(t, file)
	s := stopped(t, Options{})
	own := s.internalSession(fromFile)
	r := &rdbReader{in: iotest.OneByteReader(bytes.NewReader(append(bytes.Clone(file), "more"...)))}
	n, err := own.loadRDB(r, withExpired, nil)
	own.release()
	require.NoError(t, err)
	require.Equal(t, 16, n)
	require.EqualValues(t, len(file), r.at(), "no more is taken than the file")
	require.Equal(t, want, s.state())
}

// A part builds a file from bytes.
func fileWith(parts ...any) []byte {
	b := []byte(rdbMagic + rdbDigits)
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = appendRDBString(b, p)
		case []byte:
			b = append(b, p...)
		}
	}
	b = append(b, rdbEnd)
	return binary.LittleEndian.AppendUint64(b, crc(0, b))
}

// TestForeignFile: what a file of a Redis may have besides strings of database 0 is refused,
// with its name and, if it is a value, its key.
func TestForeignFile(t *testing.T) {
	for kind, name := range foreignTypes {
		_, err := loadFile(t, fileWith(0, "k", "v", int(kind), "mine", "…"))
		require.ErrorContains(t, err, fmt.Sprintf(`the key "mine" is %s: there are only strings here`, name), "type %d", kind)
	}
	for why, file := range map[string][]byte{
		"has database 3":                fileWith(rdbSelect, 3, 0, "k", "v"),
		"has a library of functions":    fileWith(245, "code"),
		"has data of a module":          fileWith(247, 1, 2),
		"has a value of the unknown":    fileWith(99, "k"),
		`the key "k" comes a second`:    fileWith(0, "k", "v", 0, "k", "w"),
		`begins with "REDIS0011"`:       append([]byte("REDIS0011"), rdbEnd),
		`begins with "RED"`:             []byte("RED"),
		`begins with ""`:                {},
		"the checksum is wrong":         append(fileWith(0, "k", "v")[:len(fileWith(0, "k", "v"))-1], 1),
		"the file ends before its end":  fileWith(0, "k", "v")[:14],
		"bad data format":               fileWith(0, "k", 0xc3, 2, 3, 0, 'x'),
		"bad data format: of no length": nil,
	} {
		if why, _, _ = strings.Cut(why, ": of"); file == nil {
			file = fileWith(0, 0x82, "k")
		}
		_, err := loadFile(t, file)
		require.ErrorContains(t, err, why)
	}
}

// TestOtherForms: lengths of 64 bits, deadlines in seconds, what only Redis's evictions need,
// compressed strings, files without a checksum and of before there was one.
func TestOtherForms(t *testing.T) {
	long := append([]byte{0x81}, binary.BigEndian.AppendUint64(nil, 1)...)
	packed := []byte{0xc3, 6, 20, 1, 'a', 'b', 0xe0, 9, 1} // ab, and 18 bytes from 2 before
	file := fileWith(rdbAux, "name", "value", rdbSelect, 0, rdbResize, 3, 1, 0, long, []byte("k"), "v",
		rdbSeconds, []byte{0, 0, 0, 1}, rdbIdle, 5, 0, "timed", packed, rdbFreq, 77, 0, "n", []byte{rdbInt16, 0xff, 0x7f})
	want := map[string]string{"k": `"v" until 0`, "timed": fmt.Sprintf("%q until %d", strings.Repeat("ab", 10), int64(1<<24*1000)), "n": `"32767" until 0`}
	got, err := loadFile(t, file)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = loadFile(t, append(file[:len(file)-8:len(file)-8], make([]byte, 8)...))
	require.NoError(t, err, "without a checksum")
	require.Equal(t, want, got)
	old := append([]byte("REDIS0004"), file[9:len(file)-8]...)
	got, err = loadFile(t, old)
	require.NoError(t, err, "of before there was one")
	require.Equal(t, want, got)
}

// TestFileAnnouncesNoMemory: a length in a file reserves nothing before the bytes are there.
func TestFileAnnouncesNoMemory(t *testing.T) {
	for _, file := range [][]byte{
		fileWith(0, "k", []byte{0x80, 0x1f, 0xff, 0xff, 0xff}),                               // a string
		fileWith(0, "k", []byte{0xc3, 0x80, 0x1f, 0xff, 0xff, 0xff, 0x80, 0x1f, 0, 0, 0}),    // a compressed one
		fileWith(0, "k", []byte{0xc3, 2, 0x80, 0x1f, 0xff, 0xff, 0xff, 0, 'x'}),              // that is to become long
		fileWith(rdbResize, []byte{0x80, 0x1f, 0xff, 0xff, 0xff, 0x80, 0x1f, 0xff, 0xff, 0}), // many keys
	} {
		s := stopped(t, Options{})
		own := s.internalSession(fromFile)
		got := allocated(func() { _, _ = own.loadRDB(&rdbReader{in: bytes.NewReader(file)}, withExpired, nil) })
		own.release()
		require.Less(t, got, uint64(4<<20))
	}
}

// TestExpiredInABase: a key of the base whose deadline has passed by the time of the load may
// have been made persistent, or changed, before that: it is not left out before the log has
// said so. dump.rdb, after which nothing comes, is loaded without it.
func TestExpiredInABase(t *testing.T) {
	at := newClock()
	o := aofOptions(t.TempDir())
	o.now = at.now
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	words(own, "SET kept v PX 1000")
	words(own, "SET longer v PX 1000")
	words(own, "SET over v PX 1000")
	rewriteNow(t, s)
	words(own, "PERSIST kept")
	words(own, "APPEND longer w")
	words(own, "PEXPIRE longer 100000")
	require.NoError(t, s.Close())
	at.ms.Add(2000)
	again := stopped(t, o)
	c := again.internalSession(fromClient)
	require.Equal(t, "$1\r\nv\r\n", words(c, "GET kept"))
	require.Equal(t, "$2\r\nvw\r\n", words(c, "GET longer"))
	require.Equal(t, "$-1\r\n", words(c, "GET over"))

	file := fileWith(rdbExpire, []byte{1, 0, 0, 0, 0, 0, 0, 0}, 0, "over", "v", 0, "k", "v")
	got, err := loadFile(t, file)
	require.NoError(t, err)
	require.Equal(t, items("k", "v"), got)
}

// rewriteNow rewrites the log.
func rewriteNow(t testing.TB, s *Server) {
	t.Helper()
	eventually(t, func() bool { return s.feed.file.startRewrite() }, "the rewrite before has ended")
	eventually(t, func() bool { return !s.feed.file.isRewriting() }, "the rewrite has ended")
	require.NoError(t, s.feed.file.after(func() error { return nil }))
}

// TestBaseIsCut: a base is written whole before it counts, so that one that is cut at any
// byte is damaged: the server does not start, and leaves the file as it is.
func TestBaseIsCut(t *testing.T) {
	o := aofOptions(t.TempDir())
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	words(own, "SET a 1")
	words(own, "SET b 2")
	rewriteNow(t, s)
	words(own, "SET c 3")
	require.NoError(t, s.Close())
	m, err := readManifest(filepath.Join(o.Dir, logDir))
	require.NoError(t, err)
	base := filepath.Join(o.Dir, logDir, m.base.name)
	whole, err := os.ReadFile(base)
	require.NoError(t, err)
	require.Equal(t, items("a", "1", "b", "2"), stateOf(t, whole))
	for n := range whole {
		require.NoError(t, os.WriteFile(base, whole[:n], 0o600))
		_, err := New(o)
		require.Error(t, err, "cut at %d", n)
		left, err := os.ReadFile(base)
		require.NoError(t, err)
		require.Len(t, left, n)
	}
	require.NoError(t, os.WriteFile(base, whole, 0o600))
	require.Equal(t, items("a", "1", "b", "2", "c", "3"), stopped(t, o).state())
}

// TestOlderBases: a base of commands, as respcache wrote it and Redis does without
// aof-use-rdb-preamble, and one in which commands follow a file, as Redis 6 wrote it.
func TestOlderBases(t *testing.T) {
	for name, base := range map[string][]byte{
		"appendonly.aof.1.base.aof": appendCommand(appendCommand(nil, "SELECT", "0"), "SET", "a", "1"),
		"appendonly.aof":            appendCommand(fileOf(t, "a", "0"), "SET", "a", "1"),
	} {
		o := aofOptions(t.TempDir())
		dir := filepath.Join(o.Dir, logDir)
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), base, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "appendonly.aof.1.incr.aof"), appendCommand(nil, "SET", "b", "2"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName), []byte("file "+name+" seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"), 0o600))
		s := stopped(t, o)
		assert.Equal(t, items("a", "1", "b", "2"), s.state(), name)
		rewriteNow(t, s)
		require.NoError(t, s.Close())
		assert.Equal(t, items("a", "1", "b", "2"), stopped(t, o).state(), name)
	}
}

// FuzzRDB gives the loader any bytes. What it accepts, it writes and accepts again.
func FuzzRDB(f *testing.F) {
	f.Add(fileWith(0, "k", "v"))
	f.Add(fileWith(rdbAux, "name", "value", rdbSelect, 0, rdbResize, 3, 1, rdbExpire, make([]byte, 8), 0, "k", "100"))
	f.Add(fileWith(0, "k", []byte{0xc3, 6, 20, 1, 'a', 'b', 0xe0, 9, 1}))
	f.Add(fileWith(18, "list", 1, 2, "x"))
	f.Add([]byte("REDIS0004\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s := stopped(t, Options{})
		own := s.internalSession(fromFile)
		_, err := own.loadRDB(&rdbReader{in: iotest.HalfReader(bytes.NewReader(file))}, withExpired, nil)
		own.release()
		if err != nil {
			return
		}
		var again bytes.Buffer
		require.NoError(t, s.writeState(&again, false))
		require.Equal(t, s.state(), stateOf(t, again.Bytes()))
	})
}
