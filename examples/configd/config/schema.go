package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A Schema says what the values of the keys with a prefix must be. The longest prefix of a
// key decides.
type Schema struct {
	Type     string            `json:"type,omitempty"` // string, integer, number, boolean, object, array; "" is each
	Min      *float64          `json:"min,omitempty"`  // of numbers
	Max      *float64          `json:"max,omitempty"`
	Enum     []json.RawMessage `json:"enum,omitempty"`
	Pattern  string            `json:"pattern,omitempty"`  // of strings, anywhere in them: ^ and $ for all of one
	Required bool              `json:"required,omitempty"` // the key that is the prefix has a value wherever values are in force
	Secret   bool              `json:"secret,omitempty"`   // shown only to who may read secrets, and not in the audit

	prefix string
	re     *regexp.Regexp
}

var types = []string{"", "string", "integer", "number", "boolean", "object", "array"}

// readSchema decodes a schema.
func readSchema(prefix string, v json.RawMessage) (*Schema, error) {
	s := Schema{prefix: prefix}
	err := strict(v, &s)
	if err == nil && !slices.Contains(types, s.Type) {
		err = fmt.Errorf("the type must be one of %q, got %q", types[1:], s.Type)
	}
	if err == nil && s.Min != nil && s.Max != nil && *s.Min > *s.Max {
		err = errors.New("min is above max: no value would be valid")
	}
	if err == nil && s.Pattern != "" {
		s.re, err = regexp.Compile(s.Pattern)
	}
	for i, e := range s.Enum {
		var b bytes.Buffer
		if err == nil {
			err = json.Compact(&b, e)
		}
		s.Enum[i] = b.Bytes()
	}
	return &s, err
}

// check returns why a compact value is not valid.
func (s *Schema) check(v json.RawMessage) error {
	is := typeOf(v)
	if s.Type != "" && is != s.Type && !(s.Type == "number" && is == "integer") {
		return fmt.Errorf("it must be of type %s, and is %s", s.Type, is)
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e json.RawMessage) bool { return bytes.Equal(e, v) }) {
		return fmt.Errorf("it must be one of %s", bytes.Join(toBytes(s.Enum), []byte(", ")))
	}
	if is == "integer" || is == "number" {
		x, err := strconv.ParseFloat(string(v), 64)
		switch {
		case err != nil:
			return errors.New("the number is too large")
		case s.Min != nil && x < *s.Min:
			return fmt.Errorf("it must be at least %v", *s.Min)
		case s.Max != nil && x > *s.Max:
			return fmt.Errorf("it must be at most %v", *s.Max)
		}
	}
	if is == "string" && s.re != nil {
		var text string
		if err := json.Unmarshal(v, &text); err != nil || !utf8.ValidString(text) || !s.re.MatchString(text) {
			return fmt.Errorf("it must match %s", s.Pattern)
		}
	}
	return nil
}

func toBytes(all []json.RawMessage) (out [][]byte) {
	for _, v := range all {
		out = append(out, v)
	}
	return out
}

// typeOf returns the type of a JSON value. An integer has neither a fraction nor an
// exponent, and fits 64 bits.
func typeOf(v json.RawMessage) string {
	switch v[0] {
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case '{':
		return "object"
	case '[':
		return "array"
	}
	if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return "integer"
	}
	return "number"
}
