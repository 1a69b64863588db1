package telemetry

import (
	"context"
	"time"
)

// A Store keeps messages. Its methods are safe for concurrent use.
type Store interface {
	// Write stores messages, and answers each once it is durable. After an error nothing
	// was acknowledged: the messages may be sent again, and are stored once.
	Write(ctx context.Context, messages []Message) ([]Answer, error)
	// SetRules replaces all rules. ErrBad.
	SetRules(ctx context.Context, rules []Rule) error
	Rules() []Rule
	// Tick does what the clock demands: it closes the windows of silent devices, fires
	// rules of absence, and down-samples.
	Tick(ctx context.Context) error
	// Read returns points, or folds of them. ErrNotFound, ErrBad.
	Read(q Query) ([]Row, error)
	// Alerts returns the alerts after a number, once there is one or ctx ends. ErrGone.
	Alerts(ctx context.Context, after uint64) ([]Alert, error)
	// Refuse counts a message that was refused on its way to the store, and is in no log.
	Refuse(why Reason)
	Status() Status
	Close() error
}

// Write implements Store.
func (m *Memory) Write(_ context.Context, messages []Message) ([]Answer, error) {
	return m.admit(messages, func(good []Message) ([]Answer, error) {
		return m.Apply(time.Now(), Command{Messages: good}).Answers, nil
	})
}

// admit refuses the messages that no state accepts, and has write store the others.
func (m *Memory) admit(messages []Message, write func([]Message) ([]Answer, error)) ([]Answer, error) {
	answers := make([]Answer, len(messages))
	var good []Message
	var at []int
	for i, x := range messages {
		a, ok := x.check()
		if ok {
			good, at = append(good, x), append(at, i)
			continue
		}
		answers[i] = a
		m.Refuse(a.Reason)
	}
	if len(good) == 0 {
		return answers, nil
	}
	all, err := write(good)
	if err != nil {
		return nil, err
	}
	for i, a := range all {
		answers[at[i]] = a
	}
	return answers, nil
}

// Refuse implements Store. The count ends with the process.
func (m *Memory) Refuse(why Reason) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.door[why]++
}

// SetRules implements Store.
func (m *Memory) SetRules(_ context.Context, rules []Rule) error {
	if err := checkRules(rules); err != nil {
		return err
	}
	m.Apply(time.Now(), Command{Rules: &rules})
	return nil
}

// Rules implements Store.
func (m *Memory) Rules() []Rule {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Rule{}, m.rules...)
}

// Tick implements Store.
func (m *Memory) Tick(context.Context) error {
	m.Apply(time.Now(), Command{Tick: true})
	return nil
}

// Alerts implements Store.
func (m *Memory) Alerts(ctx context.Context, after uint64) ([]Alert, error) {
	_ = m.alerts.wait(ctx, after) // that ctx has ended is no error
	return m.alerts.since(after)
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
