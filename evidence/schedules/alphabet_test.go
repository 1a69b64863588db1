package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
	"example.com/flatline/concmap"
	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/internal/lap"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
	"example.com/flatline/timemap"
)

// explorable are the types that are explored, by the names of their subjects up to the
// first comma.
var explorable = map[string]reflect.Type{
	"lap.Queue":                reflect.TypeFor[*lap.Queue[int]](),
	"ringbuffer.SPSC":          reflect.TypeFor[*ringbuffer.SPSC[int]](),
	"ringbuffer.MPMC":          reflect.TypeFor[*ringbuffer.MPMC[int]](),
	"ringbuffer.Sync":          reflect.TypeFor[*ringbuffer.Sync[int]](),
	"ringbuffer.Pipe":          reflect.TypeFor[*ringbuffer.Pipe](),
	"concmap.Map":              reflect.TypeFor[*concmap.Map[int, int]](),
	"concmap.Striped":          reflect.TypeFor[*concmap.Striped[int, int]](),
	"bqueue.Queue":             reflect.TypeFor[*bqueue.Queue[int]](),
	"ratelimit.Bucket":         reflect.TypeFor[*ratelimit.Bucket](),
	"ratelimit.Keyed":          reflect.TypeFor[*ratelimit.Keyed[int]](),
	"ratelimit.SlidingLog":     reflect.TypeFor[*ratelimit.SlidingLog](),
	"ratelimit.SlidingCounter": reflect.TypeFor[*ratelimit.SlidingCounter](),
	"lru.Sync":                 reflect.TypeFor[*lru.Sync[int, int]](),
	"lfu.Sync":                 reflect.TypeFor[*lfu.Sync[int, int]](),
	"timemap.Sync":             reflect.TypeFor[*timemap.Sync[int, int]](),
	"randset.Sync":             reflect.TypeFor[*randset.Sync[int]](),
}

// otherwise are the letters that are not named after the operation that they call. The
// letters of "" call none.
var otherwise = map[string]string{
	"concmap.Map.Increment": "Compute", "concmap.Map.Drop": "Compute", "lru.Sync.GetOrLoadAlone": "GetOrLoad",
	"ratelimit.SlidingLog.Tokens": "Take", "ratelimit.SlidingCounter.Tokens": "Take",
	"bqueue.Queue.cancel": "", "ringbuffer.Sync.cancel": "", "ringbuffer.Pipe.cancel": "", "ringbuffer.Pipe.Read": "ReadContext", "ringbuffer.Pipe.Write": "WriteContext", "ratelimit.Bucket.cancel": "", "ratelimit.Bucket.second": "",
}

// notExplored are the reasons why operations have no letter.
var notExplored = map[string][]string{
	"a constant, or one word that is read": {
		"lap.Queue.Cap", "lap.Queue.Closed", "lap.Queue.Pushed", "lap.Queue.Popped", "ringbuffer.SPSC.Cap", "ringbuffer.MPMC.Cap",
		"ringbuffer.Sync.Cap", "ringbuffer.Pipe.Cap", "bqueue.Queue.Cap", "lru.Sync.Cap", "lfu.Sync.Cap",
	},
	"one section under the lock; linear and the package's tests call it": {
		"ringbuffer.Sync.At", "ringbuffer.Sync.Backward", "ringbuffer.Sync.Dropped", "ringbuffer.Sync.Numbers", "ringbuffer.Sync.Peek",
		"ringbuffer.Sync.Refused", "ringbuffer.Sync.Resize",
		"lru.Sync.All", "lru.Sync.Backward", "lru.Sync.Contains", "lru.Sync.Cost", "lru.Sync.Expiry", "lru.Sync.Keys", "lru.Sync.Oldest",
		"lru.Sync.Peek", "lru.Sync.PutTTL", "lru.Sync.Resize", "lru.Sync.Stats", "lru.Sync.Touch", "lru.Sync.Values",
		"timemap.Sync.Append", "timemap.Sync.AppendDelete", "timemap.Sync.AsOf", "timemap.Sync.Ceiling", "timemap.Sync.Changes", "timemap.Sync.Count", "timemap.Sync.Floor",
		"timemap.Sync.Latest", "timemap.Sync.Range",
		"randset.Sync.Clone", "randset.Sync.Contains", "randset.Sync.Sample", "randset.Sync.Shrink", "randset.Sync.Shuffled",
	},
	"the code of lru.Sync, whose letters it has": {
		"lfu.Sync.All", "lfu.Sync.Backward", "lfu.Sync.Clear", "lfu.Sync.Compute", "lfu.Sync.Contains", "lfu.Sync.Cost", "lfu.Sync.DeleteExpired",
		"lfu.Sync.DeleteFunc", "lfu.Sync.Expiry", "lfu.Sync.GetOrLoadAll", "lfu.Sync.Keys", "lfu.Sync.LeastFrequent", "lfu.Sync.Peek",
		"lfu.Sync.PutTTL", "lfu.Sync.Resize", "lfu.Sync.Stats", "lfu.Sync.Touch", "lfu.Sync.Values", "lfu.Sync.WaitLoads",
	},
	"calls what has a letter, and nothing else": {
		"lap.Queue.PushEvict", // of ringbuffer.MPMC
		"concmap.Map.Delete", "concmap.Map.Insert", "concmap.Map.Keys", "concmap.Map.Values", "concmap.Map.ToMap", "concmap.Striped.Delete",
		"ringbuffer.Pipe.CloseWithError", "ringbuffer.Pipe.Read", "ringbuffer.Pipe.Write",
		"bqueue.Queue.All", "ratelimit.Bucket.AllowN", "ratelimit.Bucket.WaitN", "ringbuffer.Sync.Drain",
	},
	"stripe by stripe, or several counts, as its doc says: no moment at which it is true": {
		"concmap.Map.Len", "concmap.Map.Stats", "concmap.Striped.All", "concmap.Striped.Clear", "concmap.Striped.Len",
		"bqueue.Queue.Stats", "bqueue.Queue.Unfinished", "ratelimit.Keyed.All", "ratelimit.Keyed.Len",
		"timemap.Sync.Clear", "timemap.Sync.CompactBefore", "timemap.Sync.KeepLast", "timemap.Sync.Keys", "timemap.Sync.Len", "timemap.Sync.Versions",
	},
	"a loop of what Read and Write do, without a context that ends it; the package's tests call it": {"ringbuffer.Pipe.ReadFrom", "ringbuffer.Pipe.WriteTo"},
	"before the structure is shared, or while nothing else runs":                                    {"lap.Queue.Init", "lap.Queue.Check"},
	"observed when no goroutine can go on":                                                          {"bqueue.Queue.Done", "bqueue.Queue.Len"},
	"time stands still in a program":                                                                {"lru.Sync.DeleteExpired"},
	"needs a context of the run's clock; linear records it": {
		"bqueue.Queue.TakeBatchWithin",
	},
	"Wait makes and cancels the same promises; linear records it": {"ratelimit.Bucket.Reserve", "ratelimit.Keyed.Reserve"},
}

// TestAlphabets: each exported method of an explored type is a letter of one of its
// alphabets, or is listed in notExplored; so is each function that works on one.
func TestAlphabets(t *testing.T) {
	letters := map[string]map[string]bool{} // operations by type
	aliases := map[string]bool{}
	for _, s := range subjects() {
		name, _, _ := strings.Cut(s.info().name, ",")
		require.Contains(t, explorable, name)
		if letters[name] == nil {
			letters[name] = map[string]bool{}
		}
		for _, text := range slices.Concat(s.letters()...) {
			word := text
			if end := strings.IndexAny(word, "( …,"); end >= 0 {
				word = word[:end]
			}
			op, alias := otherwise[name+"."+word]
			if aliases[name+"."+word] = alias; !alias {
				op = word
			}
			letters[name][op] = true
		}
	}
	for name := range otherwise {
		assert.True(t, aliases[name], "otherwise: no letter %s", name)
	}
	reasons := map[string]bool{}
	for reason, names := range notExplored {
		for _, name := range names {
			assert.False(t, reasons[name], "%s has two reasons, one of them: %s", name, reason)
			reasons[name] = true
		}
	}
	for name, typ := range explorable {
		assert.NotEmpty(t, letters[name], "no subject explores %s", name)
		delete(letters[name], "")
		called := calls(t, typ)
		for _, op := range operations(t, name, typ) {
			full := name + "." + op
			assert.True(t, letters[name][op] != reasons[full], "%s must have a letter, or a reason in notExplored", full)
			assert.True(t, !letters[name][op] || called[op], "%s has a letter, but neither its model nor a subject calls it", full)
			delete(letters[name], op)
			delete(reasons, full)
		}
		assert.Empty(t, letters[name], "letters of %s that are no operations: name them in otherwise", name)
	}
	assert.Empty(t, reasons, "notExplored: no such operations")
}

// operations are the exported methods of a type, and the exported functions of its
// package that have a parameter of it.
func operations(t *testing.T, name string, typ reflect.Type) (ops []string) {
	for i := range typ.NumMethod() {
		ops = append(ops, typ.Method(i).Name)
	}
	_, base, _ := strings.Cut(name, ".")
	for _, f := range parseAll(t, filepath.Join("..", "..", folder(typ))) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.IsExported() && takes(fn, base) {
				ops = append(ops, fn.Name.Name)
			}
		}
	}
	return ops
}

// folder is where a type is declared, below the root.
func folder(typ reflect.Type) string {
	return filepath.FromSlash(strings.TrimPrefix(typ.Elem().PkgPath(), "example.com/flatline/"))
}

// calls are the names that the model of a type and the subjects call.
func calls(t *testing.T, typ reflect.Type) map[string]bool {
	model := filepath.Base(folder(typ))
	if model == "lap" {
		model = "ringbuffer"
	}
	names := map[string]bool{}
	for _, f := range append(parseAll(t, filepath.Join("..", "linear", model)), parseAll(t, ".")...) {
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok {
					names[s.Sel.Name] = true
				}
			}
			return true
		})
	}
	return names
}

// parseAll parses the files of a folder but for the tests.
func parseAll(t *testing.T, dir string) (all []*ast.File) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		all = append(all, f)
	}
	require.NotEmpty(t, all)
	return all
}

// takes reports whether a parameter of a function is a pointer to a type.
func takes(fn *ast.FuncDecl, name string) bool {
	for _, p := range fn.Type.Params.List {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok {
			continue
		}
		x := star.X
		switch y := x.(type) {
		case *ast.IndexExpr:
			x = y.X
		case *ast.IndexListExpr:
			x = y.X
		}
		if id, ok := x.(*ast.Ident); ok && id.Name == name {
			return true
		}
	}
	return false
}

// unexplorable are the types with histories that have no programs, with the reason.
var unexplorable = map[string]string{
	"minstack.Sync":             "each method is one section under one mutex",
	"slidingmax.Sync":           "each method is one section under one mutex",
	"slidingmax.SyncTimeWindow": "each method is one section under one mutex",
	"lru.Sharded":               "shards of lru.Sync; what looks at all of them one by one is in no order, as its doc says",
	"lfu.Sharded":               "shards of lfu.Sync; what looks at all of them one by one is in no order, as its doc says",
	"ratelimit.Pacer":           "calls a Bucket, which has programs",
	"ratelimit.Reservation":     "made and cancelled by Bucket.Wait",
}

// TestEveryTypeIsExplored: each type that has histories has programs, or a reason.
func TestEveryTypeIsExplored(t *testing.T) {
	recorded, err := record.ReadHistories("..")
	require.NoError(t, err)
	found := map[string]bool{}
	for _, c := range recorded {
		name := c.Base()
		found[name] = true
		assert.True(t, (explorable[name] != nil) != (unexplorable[name] != ""), "%s must have programs or a reason in unexplorable, not both", name)
	}
	for name := range unexplorable {
		assert.True(t, found[name], "unexplorable: %s has no histories", name)
	}
}
