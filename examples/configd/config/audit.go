package config

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ErrTampered is wrapped by the error for an audit whose records are not those that were
// written.
var ErrTampered = errors.New("the audit has been changed")

// A Denial is a request that was refused.
type Denial struct {
	By   string `json:"by,omitempty"`
	Verb string `json:"verb"`
	Ref
}

// A Record is an entry of the audit. Its hash covers all of it and the hash of the one
// before, so a change of any byte is seen. Secrets are not in it.
type Record struct {
	N   int64     `json:"n"`
	At  time.Time `json:"at"`
	Do  string    `json:"do"`
	Rev int64     `json:"rev"`
	Meta
	Changes []Change `json:"changes,omitempty"`
	Denied  *Denial  `json:"denied,omitempty"`
	Prev    string   `json:"prev"`
	Hash    string   `json:"hash,omitempty"`
}

// sum returns the hash of a record.
func (r Record) sum() string {
	r.Hash = ""
	b, _ := json.Marshal(r) // of strings, numbers and JSON that was checked
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// A chain is the end of an audit: the number and the hash of its last record.
type chain struct {
	N    int64
	Hash string
}

// next returns the chain after a record, or an error that says what is wrong.
func (c chain) next(r Record) (chain, error) {
	if r.N != c.N+1 || r.Prev != c.Hash || r.Hash != r.sum() {
		return c, fmt.Errorf("%w: record %d", ErrTampered, c.N+1)
	}
	return chain{r.N, r.Hash}, nil
}

// AuditHash returns the hash of the last record of the audit.
func (m *Memory) AuditHash() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chain.Hash
}

// record adds a record to the audit.
func (m *Memory) record(r Record) {
	r.N, r.At, r.Prev = m.chain.N+1, m.now, m.chain.Hash
	r.Hash = r.sum()
	if m.sink != nil {
		m.sink(r)
	}
	m.chain = chain{r.N, r.Hash}
	m.audit.push(r)
}

// hide returns changes without the values that one of the systems calls secret.
func hide(all []Change, systems ...*System) []Change {
	all = append([]Change(nil), all...) // as it is read again
	for i, c := range all {
		if slices.ContainsFunc(systems, func(s *System) bool { return s.Secret(c.Ref) }) {
			all[i].Secret = true
			all[i].Value = nil
		}
	}
	return all
}

// clip shortens what a stranger has sent.
func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "") }

func (d Denial) clipped() *Denial {
	d.By = "" // the record has it
	d.Verb, d.Env, d.Key = clip(d.Verb), clip(d.Env), clip(d.Key)
	return &d
}

// verify reads an audit, one record a line, and returns its end and the number of its
// bytes. The error names the first record that is not what was written. A line that has no
// end is not read. That the last lines are missing can only be seen by who knows the end.
func verify(r io.Reader, each func(Record)) (end chain, size int64, err error) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, size, nil
		}
		if err != nil {
			return end, size, err
		}
		var rec Record
		bad := strict(line, &rec)
		if b, err := encode(rec); bad != nil || err != nil || string(b) != string(line) {
			return end, size, fmt.Errorf("%w: record %d", ErrTampered, end.N+1)
		}
		if end, err = end.next(rec); err != nil {
			return end, size, err
		}
		size += int64(len(line))
		if each != nil {
			each(rec)
		}
	}
}
