package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/lockfile"
)

// TestManifest: a manifest that no server can have written is refused, with the reason,
// and nothing on disk is changed.
func TestManifest(t *testing.T) {
	const b, i, j = "file appendonly.aof.1.base.aof seq 1 type b\n", "file appendonly.aof.1.incr.aof seq 1 type i\n", "file appendonly.aof.2.incr.aof seq 2 type i\n"
	for name, c := range map[string]struct{ text, why string }{
		"missing":             {"", "and no appendonly.aof.manifest"},
		"empty":               {" ", "lists no file"},
		"comments":            {"# nothing\n", "lists no file"},
		"an empty line":       {b + "\n" + i, "not of the form"},
		"unknown type":        {b + i + "file appendonly.aof.2.incr.aof seq 2 type x\n", "unknown type"},
		"a long type":         {b + i + "file appendonly.aof.2.incr.aof seq 2 type incr\n", "unknown type"},
		"two bases":           {b + "file appendonly.aof.2.base.aof seq 2 type b\n" + i, "a second base"},
		"base last":           {i + b, "the base file comes after"},
		"decreasing":          {b + j + i, "do not increase"},
		"twice":               {b + i + i, "listed twice"},
		"the same number":     {b + i + "file appendonly.aof.2.incr.aof seq 1 type i\n", "do not increase"},
		"extra words":         {b + strings.TrimSuffix(i, "\n") + " more words\n", "not of the form"},
		"an extra word":       {b + strings.TrimSuffix(i, "\n") + " more\n", "not of the form"},
		"too few words":       {b + "file appendonly.aof.1.incr.aof seq 1\n", "not of the form"},
		"other words":         {b + "file appendonly.aof.1.incr.aof number 1 type i\n", "not of the form"},
		"not a number":        {b + "file appendonly.aof.1.incr.aof seq one type i\n", "not a sequence number"},
		"number 0":            {b + "file appendonly.aof.1.incr.aof seq 0 type i\n", "not a sequence number"},
		"a huge number":       {b + "file appendonly.aof.1.incr.aof seq 99999999999 type i\n", "not a sequence number"},
		"another directory":   {b + "file ../appendonly.aof.1.incr.aof seq 1 type i\n", "not the name"},
		"the manifest itself": {b + "file appendonly.aof.manifest seq 1 type i\n", "not the name"},
		"the last line torn":  {b + strings.TrimSuffix(i, "\n"), "has no end"},
		"a file that is gone": {b + i + "file appendonly.aof.3.incr.aof seq 3 type i\n", "appendonly.aof.3.incr.aof"},
		"history only":        {"file appendonly.aof.1.incr.aof seq 1 type h\n", "lists no file"},
		"a zero byte":         {b + "file appendonly.aof.1.\x00incr.aof seq 1 type i\n", "not of the form"},
	} {
		t.Run(name, func(t *testing.T) {
			o := aofOptions(t.TempDir())
			dir := filepath.Join(o.Dir, logDir)
			require.NoError(t, os.Mkdir(dir, 0o700))
			for n, key := range map[string]string{"1.base": "a", "2.base": "b", "1.incr": "c", "2.incr": "d"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, logPrefix+n+".aof"), appendCommand(nil, "SET", key, "1"), 0o600))
			}
			if c.text != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName), []byte(strings.TrimPrefix(c.text, " ")), 0o600))
			}
			before := contents(t, dir)
			for range 2 {
				_, err := New(o)
				require.ErrorContains(t, err, c.why)
			}
			assert.Equal(t, before, contents(t, dir))
		})
	}
}

func contents(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	for _, name := range logFiles(t, filepath.Dir(dir)) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		all[name] = string(b)
	}
	return all
}

// TestOrphans: files that the manifest does not list are counted, and never deleted or
// written; history files are deleted.
func TestOrphans(t *testing.T) {
	log := &lines{}
	o := aofOptions(t.TempDir())
	o.Log = log.log
	dir := filepath.Join(o.Dir, logDir)
	require.NoError(t, os.Mkdir(dir, 0o700))
	put := func(name, key string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), appendCommand(nil, "SET", key, "1"), 0o600))
	}
	put("appendonly.aof.1.incr.aof", "a")
	put("appendonly.aof.1.base.aof", "history")
	put("appendonly.aof.2.base.aof", "b")
	put("appendonly.aof.3.incr.aof", "c")
	put("appendonly.aof.4.base.rdb", "d")
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName), []byte(
		"# of Redis\nfile appendonly.aof.1.base.aof seq 1 type h\nfile appendonly.aof.1.incr.aof seq 1 type i\n"), 0o600))
	orphans := contents(t, dir)
	delete(orphans, "appendonly.aof.1.incr.aof")
	delete(orphans, "appendonly.aof.1.base.aof")
	delete(orphans, manifestName)

	s := start(t, o)
	assert.Equal(t, items("a", "1"), s.state())
	assert.True(t, log.has("loaded 1 keys from 27 bytes in 1 files of "+dir), "%q", log.all)
	assert.True(t, log.has("appendonly.aof.2.base.aof, appendonly.aof.3.incr.aof, appendonly.aof.4.base.rdb"))
	assert.Contains(t, dial(t, s).do("INFO persistence"), "aof_orphan_files:3\r\n")
	late := baseFile(s.feed.file.manifest.seq + 1).name // it comes while the server runs
	put(late, "late")
	orphans[late] = contents(t, dir)[late]
	for range 4 {
		eventually(t, func() bool { return s.feed.file.startRewrite() }, "the rewrite before has ended")
	}
	eventually(t, func() bool { return !s.feed.file.isRewriting() }, "the last has ended")
	got := contents(t, dir)
	for name, text := range orphans {
		assert.Equal(t, text, got[name], name)
	}
	assert.NotContains(t, got, "appendonly.aof.1.base.aof")
	assert.Len(t, got, len(orphans)+3, "base, incr and manifest")
}

// TestBaseOnly: a manifest without a file of effects gets one, whose name is free.
func TestBaseOnly(t *testing.T) {
	o := aofOptions(t.TempDir())
	dir := filepath.Join(o.Dir, logDir)
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, text := range map[string]string{
		"appendonly.aof.1.base.aof": string(appendCommand(nil, "SET", "a", "1")),
		"appendonly.aof.2.incr.aof": string(appendCommand(nil, "SET", "b", "1")),
		manifestName:                "file appendonly.aof.1.base.aof seq 1 type b\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	s := stopped(t, o)
	words(s.internalSession(fromClient), "SET c 1")
	require.NoError(t, s.Close())
	assert.Equal(t, items("a", "1", "c", "1"), stopped(t, o).state())
	assert.Len(t, logFiles(t, o.Dir), 4)
}

// TestDirectoryIsLocked: two servers do not write one log.
func TestDirectoryIsLocked(t *testing.T) {
	o := aofOptions(t.TempDir())
	s := stopped(t, o)
	_, err := New(o)
	require.ErrorIs(t, err, lockfile.ErrLocked)
	require.NoError(t, s.Close())
	again := stopped(t, o)
	require.NoError(t, again.Close())
}

// TestDamagedLength: a damaged length that is too large swallows the commands after it.
// They are cut off as a torn end is, but kept in a separate file.
func TestDamagedLength(t *testing.T) {
	o := aofOptions(t.TempDir())
	s := stopped(t, o)
	own := s.internalSession(fromClient)
	words(own, "SET a 1")
	words(own, "SET bbbbb 2")
	words(own, "SET c 3")
	require.NoError(t, s.Close())
	path := last(t, o.Dir)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	good := len(appendCommand(nil, "SET", "a", "1"))
	damaged := strings.Replace(string(b), "$5\r\n", "$99\r\n", 1)
	require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))
	s = stopped(t, o)
	assert.Equal(t, items("a", "1"), s.state())
	kept, err := os.ReadFile(fmt.Sprintf("%s.cut-%d", path, good))
	require.NoError(t, err)
	assert.Equal(t, damaged[good:], string(kept))
}
