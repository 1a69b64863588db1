package main

import (
	"encoding/binary"
	"hash/crc64"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// drawWords draws none to three words, each with one of the values that it takes.
func drawWords(t *rapid.T, words map[string][]string) (out []string) {
	names := slices.Sorted(maps.Keys(words))
	for range rapid.SampledFrom([]int{0, 1, 1, 2, 3}).Draw(t, "options") {
		w := rapid.SampledFrom(names).Draw(t, "option")
		out = append(out, w)
		if values := words[w]; values != nil {
			out = append(out, rapid.SampledFrom(values).Draw(t, "value"))
		}
	}
	return out
}

// drawBitOps draws operations of BITFIELD.
func drawBitOps(t *rapid.T) (out []string) {
	one := func(from []string) string { return rapid.SampledFrom(from).Draw(t, "part") }
	for range rapid.IntRange(0, 4).Draw(t, "operations") {
		switch op := one([]string{"GET", "SET", "INCRBY", "SET", "INCRBY", "OVERFLOW", "get", "what"}); op {
		case "OVERFLOW":
			out = append(out, op, one([]string{"WRAP", "SAT", "FAIL", "fail", "what"}))
		case "SET", "INCRBY":
			out = append(out, op, one(bitTypes), one(offsets), one(increments))
		default:
			out = append(out, op, one(bitTypes), one(offsets))
		}
	}
	return out
}

// payload is what DUMP makes of a value in the form of dump.rdb.
func payload(version uint16, value string) string {
	b := binary.LittleEndian.AppendUint16([]byte(value), version)
	sum := ^crc64.Update(^uint64(0), crc64.MakeTable(0x95ac9329ac4bc9b5), b)
	return string(binary.LittleEndian.AppendUint64(b, sum))
}

// payloads are values in each form that Redis has for strings, and what is none.
var payloads = []string{
	payload(10, "\x00\x03abc"), payload(9, "\x00\x00"), payload(1, "\x00\x80\x00\x00\x00\x03abc"), payload(10, "\x00\x81\x00\x00\x00\x00\x00\x00\x00\x03abc"),
	payload(10, "\x00\xc0\x80"), payload(10, "\x00\xc1\x00\x80"), payload(10, "\x00\xc2\x00\x00\x00\x80"), payload(10, "\x00\xc2\xff\xff\xff\x7f"),
	payload(10, "\x00\x41\x2c"+strings.Repeat("abc", 100)),
	payload(10, "\x00\xc3\x05\x28\x00a\xe0\x1e\x00"), // 40 times a, compressed
	payload(10, "\x00\xc3\x08\x0b\x04abcde\x80\x04"), // abcdeabcdea
	payload(10, "\x00\xc3\x05\x28\x00a\xe0\x1e\x01"), // repeats what is before the begin
	payload(10, "\x00\xc3\x05\x29\x00a\xe0\x1e\x00"), // says 41
	payload(10, "\x00\xc4"), payload(11, "\x00\x03abc"), payload(10, "\x00\x03abc")[1:], payload(10, "\x00\x03abc") + "x", "", "\x00\x03abc",
}
