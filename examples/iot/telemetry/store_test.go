package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"example.com/flatline/examples/iot/telemetry"
)

// copied returns a store that has read what m has dumped.
func copied(t failer, m *telemetry.Memory) *telemetry.Memory {
	var b bytes.Buffer
	again := telemetry.NewMemory()
	if err := m.Dump(json.NewEncoder(&b)); err != nil {
		t.Fatalf("%v", err)
	}
	if err := again.Load(json.NewDecoder(&b)); err != nil {
		t.Fatalf("%v", err)
	}
	return again
}

var _ testing.TB
