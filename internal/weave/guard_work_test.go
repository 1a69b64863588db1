package weave

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// constant lists what the woven packages call outside this module that the work
// loom does not count, each with the reason.
var constant = parseReasons(`
a machine instruction or a few: sync/atomic.* math/bits.* math.Inf math.NaN math.Floor math.Ldexp cmp.Compare cmp.Less encoding/binary.*
a lock or its queue of waiters, whatever is in the structure: sync.Mutex.* sync.Once.Do runtime.Gosched
one goroutine: errgroup.Group.Go errgroup.Group.Wait errgroup.WithContext runtime.Goexit
calls back into woven code, which is counted: sort.Search
yields to a loop in woven code, which is counted: slices.Backward slices.Chunk
one step or link of a list: container/list.*
one context, whose depth is the caller's: context.Background context.Cause context.WithoutCancel context.WithTimeout context.Context.*
one reading of the clock, or arithmetic with two: time.Now time.Since time.Until time.Time.* time.Unix time.NewTimer time.Timer.Reset
fixed width, 128 bits at most: math/big.*
one draw: math/rand/v2.Float64 math/rand/v2.Rand.*
one key, whose length is not n: hash/maphash.*
one type, which the program's text bounds: reflect.*
a setting: runtime.GOMAXPROCS
an error or the text of a setting, off the path of operations: errors.New errors.Is fmt.* strconv.* time.Duration.String time.ParseDuration
the stack of a panic: runtime/debug.Stack
one call of the caller's, whose work is the caller's: io.Reader.Read io.Writer.Write
`)

// parseReasons reads lines "reason: names".
func parseReasons(table string) map[string]string {
	reasons := map[string]string{}
	for line := range strings.Lines(table) {
		reason, names, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, name := range strings.Fields(names) {
			reasons[name] = reason
		}
	}
	return reasons
}

// TestWorkSeesAllCalls: every function outside the module that the ten packages use
// is counted or listed.
func TestWorkSeesAllCalls(t *testing.T) {
	l := newLoader(t, nil)
	matched := map[string]bool{}
	var unknown []string
	for _, folder := range all(t) {
		c := l.load(folder)
		called := map[*ast.Ident]bool{}
		for _, f := range c.files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if id := calledName(call.Fun); id != nil {
					called[id] = true
				}
				return true
			})
		}
		for id, o := range c.info.Uses {
			name := outside(o)
			if name == "" {
				continue
			}
			_, counted := calls[name]
			entry := listedAs(name)
			matched[entry] = true
			if entry == "" && !(counted && called[id]) {
				unknown = append(unknown, fmt.Sprintf("%s: %s (called: %t)", l.at(id), name, called[id]))
			}
		}
	}
	slices.Sort(unknown)
	assert.Empty(t, unknown, "count them in calls.go, or list them in constant with the reason:\n%s", strings.Join(unknown, "\n"))
	for _, name := range slices.Sorted(maps.Keys(constant)) {
		assert.True(t, matched[name], "%s is listed as constant, but nothing uses it", name)
	}
	for name := range calls {
		assert.Empty(t, listedAs(name), "%s is counted and listed as constant", name)
	}
}

// listedAs returns the entry of constant that a name matches.
func listedAs(name string) string {
	for entry := range constant {
		prefix, pattern := strings.CutSuffix(entry, "*")
		if name == entry || pattern && strings.HasPrefix(name, prefix) {
			return entry
		}
	}
	return ""
}

// cheap lists the functions of packages for collections that take the same time
// whatever they are given, each with the reason: modules other than this one are
// woven too.
var cheap = parseReasons(`
makes a header: slices.Clip strings.NewReader strings.NewReplacer bytes.NewReader bytes.NewBuffer bytes.NewBufferString
yields to a loop in woven code, which is counted: slices.All slices.Backward slices.Values slices.Chunk
calls back into woven code, which is counted: sort.Search sort.Find sort.Sort sort.Stable sort.IsSorted sort.Reverse
calls back into woven code, which is counted: maps.Insert
`)

// TestWorkTable: each function of the packages for collections is counted or cheap.
func TestWorkTable(t *testing.T) {
	l := newLoader(t, nil)
	there := map[string]bool{}
	for _, path := range []string{"slices", "maps", "strings", "bytes", "sort"} {
		p, err := l.gc.Import(path)
		require.NoError(t, err)
		for _, name := range p.Scope().Names() {
			if _, ok := p.Scope().Lookup(name).(*types.Func); !ok || !ast.IsExported(name) {
				continue
			}
			full := path + "." + name
			there[full] = true
			_, counted := calls[full]
			assert.NotEqual(t, counted, cheap[full] != "", "%s: count it in calls.go, or list it in cheap with the reason, and not both", full)
		}
	}
	for name := range cheap {
		assert.True(t, there[name], "%s is listed as cheap, but does not exist", name)
	}
}

// calledName is the identifier of a called function.
func calledName(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr:
		return calledName(e.X)
	case *ast.IndexListExpr:
		return calledName(e.X)
	}
	return nil
}

// outside names a function or method that is not of this module: slices.Clone,
// sync.Mutex.Lock.
func outside(o types.Object) string {
	fn, ok := o.(*types.Func)
	if !ok || fn.Pkg() == nil || strings.HasPrefix(fn.Pkg().Path(), modulePath) {
		return ""
	}
	name := fn.Name()
	if r := fn.Signature().Recv(); r != nil {
		t := r.Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := t.(*types.Named); ok {
			name = n.Obj().Name() + "." + name
		}
	}
	return strings.TrimPrefix(fn.Pkg().Path(), "golang.org/x/sync/") + "." + name
}

// concatenates lists the functions that put strings together, or convert between
// strings and slices by a named type, each with the reason.
var concatenates = parseReasons(`
the text of an error or a panic: internal/cache.Config.check timemap.Map.init ratelimit.ParseRate ratelimit.notARate slidingmax.extremeArgs
the name of a constant: internal/cache.Reason.String lfu.Aging.String
a rate as text, of bounded length: ratelimit.Rate.String
`)

// TestWorkSeesAllStrings: the ten packages build strings only where the loom counts
// it or the list says why not.
func TestWorkSeesAllStrings(t *testing.T) {
	l := newLoader(t, nil)
	found := map[string]bool{}
	var unknown []string
	for _, folder := range all(t) {
		c := l.load(folder)
		for _, f := range c.files {
			for _, d := range f.Decls {
				name := folder
				if fn, ok := d.(*ast.FuncDecl); ok {
					name = folder + "." + FuncName(fn)
					if fn.Body == nil {
						unknown = append(unknown, name+" has no body that could be counted")
					}
				}
				ast.Inspect(d, func(n ast.Node) bool {
					if what := buildsString(c.info, n); what != "" {
						if _, ok := concatenates[name]; !ok {
							unknown = append(unknown, fmt.Sprintf("%s: %s %s", l.at(n), name, what))
						}
						found[name] = true
					}
					return true
				})
			}
		}
	}
	assert.Empty(t, unknown, strings.Join(unknown, "\n"))
	for _, name := range slices.Sorted(maps.Keys(concatenates)) {
		assert.True(t, found[name], "%s is listed, but builds no string", name)
	}
}

// buildsString says what a node does to a string whose length it does not know, and
// that the loom does not count.
func buildsString(info *types.Info, n ast.Node) string {
	text := func(e ast.Expr) bool {
		t, ok := info.Types[e]
		if !ok || t.Value != nil {
			return false
		}
		b, ok := t.Type.Underlying().(*types.Basic)
		return ok && b.Info()&types.IsString != 0
	}
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.ADD && text(n) {
			return "concatenates"
		}
	case *ast.AssignStmt:
		if n.Tok == token.ADD_ASSIGN && text(n.Lhs[0]) {
			return "concatenates"
		}
	case *ast.CallExpr:
		if !info.Types[n.Fun].IsType() || len(n.Args) != 1 {
			return ""
		}
		_, fromSlice := info.Types[n.Args[0]].Type.Underlying().(*types.Slice)
		_, toSlice := info.Types[n].Type.Underlying().(*types.Slice)
		if text(n) && fromSlice || toSlice && text(n.Args[0]) {
			if _, plain := ast.Unparen(n.Fun).(*ast.ArrayType); !plain && builtin(n.Fun) != "string" {
				return "converts by a named type"
			}
		}
	}
	return ""
}
