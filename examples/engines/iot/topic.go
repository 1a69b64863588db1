package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/flatline/examples/iot/telemetry"
)

// maxPacket bounds a packet: MQTT's remaining length may say 256 MB.
const maxPacket = 64 << 10

// payload is what a message may have: v for a topic of one metric, fields for one of a
// device. Time is in nanoseconds since 1970.
type payload struct {
	Seq    uint64             `json:"seq"`
	Time   int64              `json:"t"`
	Value  *float64           `json:"v"`
	Fields map[string]float64 `json:"fields"`
}

// parseMessage reads a message with the topic d/DEVICE/METRIC, whose payload is a number or
// an object with v, or d/DEVICE, whose object has fields.
func parseMessage(topic string, body []byte, now time.Time) (m telemetry.Message, err error) {
	parts := strings.Split(topic, "/")
	if parts[0] != "d" || len(parts) < 2 || len(parts) > 3 {
		return m, fmt.Errorf("the topic must be d/DEVICE or d/DEVICE/METRIC, got %q", topic)
	}
	if !utf8.Valid(body) {
		return m, errors.New("the payload is not UTF-8")
	}
	m.Device = parts[1]
	var p payload
	if v, err := strconv.ParseFloat(string(bytes.TrimSpace(body)), 64); err == nil {
		p.Value = &v
	} else if err := strict(body, &p); err != nil {
		return m, fmt.Errorf("the payload must be a number or an object: %w", err)
	}
	switch {
	case len(parts) == 3 && p.Value != nil && p.Fields == nil:
		m.Fields = []telemetry.Field{{Metric: parts[2], Value: *p.Value}}
	case len(parts) == 2 && p.Value == nil:
		for metric, v := range p.Fields {
			m.Fields = append(m.Fields, telemetry.Field{Metric: metric, Value: v})
		}
	default:
		return m, errors.New("d/DEVICE/METRIC has a number or v, and d/DEVICE has fields")
	}
	m.Seq, m.At = p.Seq, p.Time
	if m.Stamped = p.Time == 0; m.Stamped {
		m.At = now.UnixNano()
	}
	return m, nil
}

// strict decodes one object without unknown fields. The depth of what it skips is bounded
// by encoding/json.
func strict(body []byte, p *payload) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}
