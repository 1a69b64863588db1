package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/evidence/internal/sample"
)

// output is what go test -json prints about two types, one of which failed.
const output = `{"Action":"start","Package":"x/linear/lru"}
{"Action":"attr","Package":"x/linear/lru","Test":"TestSync","Key":"histories","Value":"lru.Sync, loading 3000 1500"}
{"Action":"attr","Package":"x/linear/lru","Test":"TestSync","Key":"other","Value":"1"}
{"Action":"output","Package":"x/linear/lru","Test":"TestSync","Output":"quiet\n"}
{"Action":"pass","Package":"x/linear/lru","Test":"TestSync"}
{"Action":"output","Package":"x/linear/lru","Test":"TestBroken","Output":"a history\n"}
{"Action":"fail","Package":"x/linear/lru","Test":"TestBroken"}
# x/linear/lfu
`

func TestRead(t *testing.T) {
	for verbose, want := range map[bool]string{false: "a history\n# x/linear/lfu\n", true: "quiet\na history\n# x/linear/lfu\n"} {
		var stdout strings.Builder
		found, err := read(strings.NewReader(output), verbose, &stdout)
		require.NoError(t, err)
		assert.Equal(t, want, stdout.String())
		assert.Equal(t, []record.Checked{{Pkg: "lru", Name: "lru.Sync, loading", Histories: 3000, Yields: 1500}}, found)
	}
	for _, value := range []string{"lru.Sync", "lru.Sync many 1", "lru.Sync 1 few"} {
		_, err := parseChecked(value)
		assert.Error(t, err, value)
	}
}

// TestTooFew: a type with another number of histories than the command produces is named,
// and so is a package without any.
func TestTooFew(t *testing.T) {
	found := []record.Checked{{Pkg: "lru", Name: "lru.Sync", Histories: 3000, Yields: 1500}}
	c := config{pkgs: []string{"lru"}}
	assert.Empty(t, c.counts(found))
	for want, forge := range map[string]func(c *config, t *record.Checked){
		"lru.Sync had 1 histories, 1500 of them with yields; this command gives 3000 and 1500": func(_ *config, t *record.Checked) { t.Histories = 1 },
		"lru.Sync had 3000 histories, 0 of them with yields; this command":                     func(_ *config, t *record.Checked) { t.Yields = 0 },
		"this command gives 500 and 250":                                                       func(c *config, _ *record.Checked) { c.short = true },
		"this command gives 100000 and 50000":                                                  func(c *config, _ *record.Checked) { c.long = true },
		"linear/lfu judged no history":                                                         func(c *config, _ *record.Checked) { c.pkgs = []string{"lru", "lfu"} },
		"linear/lru judged no history":                                                         func(_ *config, t *record.Checked) { t.Pkg = "lap" },
	} {
		c, forged := c, found[0]
		forge(&c, &forged)
		assert.Contains(t, strings.Join(c.counts([]record.Checked{forged}), "\n"), want)
	}
	c.run = "TestNone"
	assert.Equal(t, []string{"no test matches"}, c.counts(nil))
}

// TestCompare: a type that is not recorded, or only recorded, is named.
func TestCompare(t *testing.T) {
	recorded := []record.Checked{{Pkg: "lru", Name: "lru.Sync"}, {Pkg: "lfu", Name: "lfu.Sync"}}
	assert.Empty(t, compare(recorded, recorded, []string{"lru", "lfu"}))
	assert.Empty(t, compare(recorded, recorded[:1], []string{"lru"}), "lfu was not run")
	assert.Equal(t, []string{"lfu.Sync is recorded, but has no histories now: " + record.LongCommand + " -pkg lfu"},
		compare(recorded, recorded[:1], []string{"lru", "lfu"}))
	assert.Equal(t, []string{"lfu.Sync has histories, but no record of them: " + record.LongCommand + " -pkg lfu"},
		compare(recorded[:1], recorded, []string{"lru", "lfu"}))
}

// TestSave: the results of a run replace the recorded ones; the rest stays, unless its
// whole package was run.
func TestSave(t *testing.T) {
	recorded := []record.Checked{
		{Pkg: "lru", Name: "lru.Sync"}, {Pkg: "lru", Name: "lru.Gone"}, {Pkg: "lfu", Name: "lfu.Sync"}, {Pkg: "none", Name: "none.Sync"},
	}
	found := []record.Checked{{Pkg: "lru", Name: "lru.Sync", Histories: sample.Long, Yields: sample.Long / 2}}
	for run, want := range map[string]string{"": "lfu.Sync lru.Sync", "Sync": "lfu.Sync lru.Gone lru.Sync"} {
		t.Chdir(t.TempDir())
		for _, dir := range []string{"evidence/results", "evidence/linear/lru", "evidence/linear/lfu"} {
			require.NoError(t, os.MkdirAll(dir, 0o755))
		}
		for _, file := range []string{"evidence/linear/lru/a_test.go", "evidence/linear/lfu/a_test.go"} {
			require.NoError(t, os.WriteFile(file, []byte("package a\n"), 0o644))
		}
		t.Chdir("evidence")
		c := config{pkgs: []string{"lru"}, run: run}
		require.NoError(t, c.save(append([]record.Checked(nil), recorded...), found))
		all, err := record.ReadHistories(".")
		require.NoError(t, err)
		var names []string
		for _, t := range all {
			names = append(names, t.Name)
		}
		assert.Equal(t, want, strings.Join(names, " "))
		assert.Empty(t, record.CheckHistories(all[len(all)-1:]))
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Chdir("..")
	for _, args := range [][]string{
		{"-nosuch"}, {"stray"}, {"-pkg", "none"}, {"-short", "-long"}, {"-record"}, {"-record", "-long", "-race"},
	} {
		var stderr strings.Builder
		assert.Equal(t, 2, run(t.Context(), args, io.Discard, &stderr), "%q", args)
		assert.Regexp(t, `^linear: [^\n]+\n$`, stderr.String(), "%q", args)
	}
	t.Chdir(t.TempDir())
	_, err := parse(nil)
	assert.ErrorContains(t, err, "run it as go run -C evidence ./linear")
}

func TestCommand(t *testing.T) {
	c := config{pkgs: []string{"lru", "lfu"}, race: true, long: true, run: "TestSync$"}
	args := strings.Join(c.command("o.json"), " ")
	assert.Contains(t, args, "-overlay=o.json -race -run=TestSync$ ./linear/lru ./linear/lfu -args -long")
	c = config{pkgs: []string{"lru"}, short: true}
	assert.Contains(t, strings.Join(c.command("o.json"), " "), "-short ./linear/lru")
}
