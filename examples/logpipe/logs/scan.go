package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"time"
)

// part is what a query sees of a segment: its records up to a moment.
type part struct {
	number uint64
	day    int32
	stream string
	blocks []meta
	memory []group // not yet in the file
}

// Query yields the records that a query selects and that were stored when it began, in the
// order of days, of streams, and of arrival. A block that is damaged yields an error, and
// the others follow. A segment that is dropped meanwhile ends there. What is in blocks whose
// filters rule it out is not read.
func (m *Memory) Query(ctx context.Context, q *Query) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for _, p := range m.parts(q) {
			if !m.scan(ctx, &p, q, yield) {
				return
			}
		}
	}
}

func (m *Memory) scan(ctx context.Context, p *part, q *Query, yield func(Line, error) bool) bool {
	from, to := q.span(p.day)
	skip := func(low, high uint64, levels uint8) bool { return high < from || low >= to || levels&q.levels == 0 }
	var f blob
	defer func() {
		if f != nil {
			_ = f.Close()
		}
	}()
	for i := range p.blocks {
		b := &p.blocks[i]
		if err := ctx.Err(); err != nil {
			yield(Line{}, err)
			return false
		}
		if skip(b.min, b.max, b.levels) {
			continue
		}
		data, err := m.block(p, b, q, &f)
		if errors.Is(err, fs.ErrNotExist) {
			return true // it was dropped
		}
		if err != nil && !yield(Line{}, fmt.Errorf("%s of %s: %w", p.stream, timeOf(p.day, 0).Format(time.DateOnly), err)) {
			return false
		}
		if !q.each(data, p, from, to, yield) {
			return false
		}
	}
	for i := range p.memory {
		if g := &p.memory[i]; !skip(g.Min, g.Max, g.Levels) && !q.each(string(g.Data), p, from, to, yield) {
			return false
		}
	}
	return true
}

// block returns the records of a block, or "" if its filter rules it out.
func (m *Memory) block(p *part, b *meta, q *Query, f *blob) (string, error) {
	open := func() (err error) {
		if *f == nil {
			*f, err = m.files.open(p.number)
		}
		return err
	}
	if q.filters() {
		k := filterKey{p.number, b.at}
		words, ok := m.filters.Get(k)
		if !ok {
			err := open()
			if err == nil {
				words, err = b.readFilter(*f)
			}
			if err != nil {
				return "", err
			}
			m.filters.Put(k, words)
		}
		if !q.may(words) {
			m.skipped.Add(1)
			return "", nil
		}
	}
	if err := open(); err != nil {
		return "", err
	}
	m.read.Add(1)
	return b.readData(*f)
}

// each yields the records of data that are selected.
func (q *Query) each(data string, p *part, from, to uint64, yield func(Line, error) bool) bool {
	for i := range q.phrases {
		if x := &q.phrases[i]; !x.not && !strings.Contains(data, x.text) {
			return true // a record has its text in one piece
		}
	}
	for len(data) > 0 {
		r, size := next(data)
		if size == 0 {
			return yield(Line{}, fmt.Errorf("%w: %d bytes of %s are no records", ErrCorrupt, len(data), p.stream))
		}
		data = data[size:]
		if r.micro >= from && r.micro < to && q.matches(r.level, r.text) && !yield(r.line(p.day, p.stream), nil) {
			return false
		}
	}
	return true
}
