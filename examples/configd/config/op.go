package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The errors of a store wrap one of these.
var (
	ErrBad       = errors.New("not accepted")
	ErrInvalid   = errors.New("the configuration would be invalid")
	ErrConflict  = errors.New("it has changed since the base")
	ErrCompacted = errors.New("this revision is no longer known: read the present one")
	ErrNotFound  = errors.New("there is no such environment")
	ErrDenied    = errors.New("the token does not permit this")
)

// The environments of the system. What is in them is versioned, compared and audited as
// everything else is.
const (
	Envs    = "@envs"    // an environment, with its parent
	Schemas = "@schemas" // a prefix of keys, with what their values must be
	Roles   = "@roles"   // what a role permits
	Tokens  = "@tokens"  // the hash of a token, with its role
)

// What an Op does.
const (
	Set    = "set"
	Delete = "delete"
	Check  = "check" // nothing, but the key must not have changed since the base
	Copy   = "copy"  // makes the keys with a prefix what they are, or were, elsewhere
)

const (
	Any = -1 // the base of a Commit that compares with nothing
	Now = -1 // the present revision, for Read
)

// A Ref names a value: a key in an environment.
type Ref struct {
	Env string `json:"env"`
	Key string `json:"key"`
}

func (r Ref) String() string { return r.Env + "/" + r.Key }

// An Op is a part of a commit. For Copy, Key is a prefix; keys that the source does not
// have are deleted.
type Op struct {
	Do string `json:"do"`
	Ref
	Value json.RawMessage `json:"value,omitempty"`
	From  string          `json:"from,omitempty"` // of Copy, an environment
	At    int64           `json:"at,omitempty"`   // of Copy, a revision; 0 is the present one
}

// A Meta says who commits, and why.
type Meta struct {
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
}

// A Change is what a revision did to a key.
type Change struct {
	Ref
	Value   json.RawMessage `json:"value,omitempty"`
	Deleted bool            `json:"deleted,omitempty"`
	Secret  bool            `json:"secret,omitempty"` // the value is not shown
}

// An Event is a revision.
type Event struct {
	Rev int64     `json:"rev"`
	At  time.Time `json:"at"`
	Meta
	Changes []Change `json:"changes"`
}

// An Item is a value with the revision that set it.
type Item struct {
	Value   json.RawMessage `json:"value,omitempty"`
	Rev     int64           `json:"rev"`
	Deleted bool            `json:"deleted,omitempty"`
}

// A ConflictError is the answer to a commit whose base is too old. It wraps ErrConflict.
type ConflictError struct {
	Rev     int64   // the present revision
	Changes []Event // since the base, as far as they are kept, of the keys of the commit
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: the revision is %d", ErrConflict, e.Rev)
}

// Unwrap returns ErrConflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// A Problem is why a configuration is invalid, in an environment.
type Problem struct {
	Ref
	Text string `json:"text"`
}

// An InvalidError lists what would be invalid, at most maxProblems. It wraps ErrInvalid.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	p := e.Problems[0]
	text := fmt.Sprintf("%v: %v: %s", ErrInvalid, p.Ref, p.Text)
	if n := len(e.Problems) - 1; n > 0 {
		text += fmt.Sprintf(", and %d more", n)
	}
	return text
}

// Unwrap returns ErrInvalid.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

const (
	maxProblems = 20
	maxOps      = 1000
	maxValue    = 64 << 10
	maxKey      = 256
	maxText     = 1000 // bytes of a name or a note
	maxDepth    = 16   // environments from one to its root
)

var (
	envName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	keyName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)
	system  = []string{Envs, Schemas, Roles, Tokens}
	paths   = []string{"watch", "rollback"} // of the server: as keys they could not be read
)

// system reports whether the value is part of the system.
func (r Ref) system() bool { return strings.HasPrefix(r.Env, "@") }

// check returns ErrBad for a name that cannot be.
func (r Ref) check() error {
	switch {
	case r.system() && !slices.Contains(system, r.Env), !r.system() && !envName.MatchString(r.Env):
		return fmt.Errorf("%w: %q is no name of an environment", ErrBad, r.Env)
	case r.Env == Envs && !envName.MatchString(r.Key):
		return fmt.Errorf("%w: %q is no name of an environment", ErrBad, r.Key)
	case len(r.Key) > maxKey, slices.Contains(paths, r.Key),
		!keyName.MatchString(r.Key) && !(r.Env == Schemas && keyName.MatchString(strings.TrimSuffix(r.Key, "/"))):
		return fmt.Errorf("%w: %q is no key: words of letters, digits and ._-, with slashes between", ErrBad, r.Key)
	}
	return nil
}

// check returns an op with its value in the compact form, or ErrBad.
func (o Op) check() (Op, error) {
	var err error
	switch o.Do {
	case Set:
		if err = o.Ref.check(); err == nil {
			o.Value, err = compact(o.Value)
		}
	case Delete, Check:
		err = o.Ref.check()
	case Copy:
		for _, env := range []string{o.Env, o.From} {
			if !envName.MatchString(env) {
				err = fmt.Errorf("%w: %q is no environment whose keys can be copied", ErrBad, env)
			}
		}
		if o.At < 0 || o.Env == o.From && o.At == 0 || len(o.Key) > maxKey {
			err = fmt.Errorf("%w: a copy within an environment needs the revision that it is to be as at", ErrBad)
		}
	default:
		err = fmt.Errorf("%w: do must be set, delete, check or copy, got %q", ErrBad, o.Do)
	}
	if err == nil && (o.Do != Set && o.Value != nil || o.Do != Copy && (o.From != "" || o.At != 0)) {
		err = fmt.Errorf("%w: a field that %q does not have", ErrBad, o.Do)
	}
	return o, err
}

// compact returns a JSON value without spaces. null is none: delete the key.
func compact(v json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	err := json.Compact(&b, v)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: the value is no JSON: %w", ErrBad, err)
	case b.Len() > maxValue:
		return nil, fmt.Errorf("%w: the value has more than %d bytes", ErrBad, maxValue)
	case b.String() == "null":
		return nil, fmt.Errorf("%w: null is no value: delete the key", ErrBad)
	}
	return b.Bytes(), nil
}

// strict decodes a value that has no unknown fields.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
