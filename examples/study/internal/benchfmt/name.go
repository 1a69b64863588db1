package benchfmt

import (
	"strconv"
	"strings"
)

// A Name is a benchmark's name, taken apart.
type Name struct {
	Full  string // without "Benchmark" and the processor count
	Base  string // up to the first slash: Cache_Get
	Parts []Part // the rest, in order, without the size
	Size  int    // n=1024 or a trailing /1024; 0 if neither is there
}

// A Part is what stands between two slashes; Key is empty if there is no "=".
type Part struct{ Key, Value string }

// ParseName takes a name apart. What Go appends is dropped: the processor count
// ("-8") and, to a name that comes again, a number ("#01").
func ParseName(s string) Name {
	s = strings.TrimPrefix(s, "Benchmark")
	if i := strings.LastIndexByte(s, '-'); i >= 0 && positive(s[i+1:]) > 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '#'); i >= 0 && number(s[i+1:]) {
		s = s[:i]
	}
	elems := strings.Split(s, "/")
	n := Name{Full: s, Base: elems[0]}
	bare := -1 // index in Parts of the last part, if that is a number alone
	for i, e := range elems[1:] {
		key, value, pair := strings.Cut(e, "=")
		switch {
		case !pair:
			if i == len(elems)-2 && positive(e) > 0 {
				bare = len(n.Parts)
			}
			n.Parts = append(n.Parts, Part{"", e})
		case key == "n" && n.Size == 0 && positive(value) > 0:
			n.Size = positive(value)
		default:
			n.Parts = append(n.Parts, Part{key, value})
		}
	}
	if n.Size == 0 && bare >= 0 {
		n.Size = positive(n.Parts[bare].Value)
		n.Parts = n.Parts[:bare]
	}
	return n
}

// Get returns the value of the first part with that key, or "".
func (n Name) Get(key string) string {
	for _, p := range n.Parts {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// Op names the operation: the base and every part but the size and those whose
// keys are in without.
func (n Name) Op(without ...string) string {
	var b strings.Builder
	b.WriteString(n.Base)
next:
	for _, p := range n.Parts {
		for _, k := range without {
			if p.Key == k {
				continue next
			}
		}
		b.WriteByte('/')
		if p.Key != "" {
			b.WriteString(p.Key + "=")
		}
		b.WriteString(p.Value)
	}
	return b.String()
}

// positive reads a decimal number above 0, digits alone; 0 if it is none.
func positive(s string) int {
	n, err := strconv.Atoi(s)
	if !number(s) || err != nil {
		return 0
	}
	return n
}

// number reports whether s is digits alone.
func number(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
