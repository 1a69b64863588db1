package timemap_test

import (
	"fmt"
	"time"

	"example.com/flatline/timemap"
)

func Example() {
	var m timemap.Map[string, string] // the zero value is ready
	m.Set("door", 10, "open")
	m.Set("door", 20, "closed")
	m.Set("door", 15, "ajar") // a late write
	for _, at := range []int64{5, 10, 17, 99} {
		v, ok := m.Get("door", at)
		fmt.Printf("%2d %q %v\n", at, v, ok)
	}
	// Output:
	//  5 "" false
	// 10 "open" true
	// 17 "ajar" true
	// 99 "closed" true
}

// Times of a clock.
func ExampleTime() {
	var prices timemap.Map[string, float64]
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	prices.Set("tea", timemap.Time(noon), 3.5)
	prices.Set("tea", timemap.Time(noon.Add(time.Hour)), 4)
	p, _ := prices.Get("tea", timemap.Time(noon.Add(30*time.Minute)))
	fmt.Println(p)
	// Output: 3.5
}

// Everything as it was at one moment.
func ExampleMap_AsOf() {
	var config timemap.Map[string, int]
	config.Set("limit", 1, 100)
	config.Set("limit", 2, 500)
	before := config.AsOf(1)
	v, _ := before.Get("limit")
	fmt.Println(v)
	for k, v := range config.AsOf(2).All() {
		fmt.Println(k, v)
	}
	// Output:
	// 100
	// limit 500
}

// A clock that is stepped back: Set makes a late write, Append does not.
func ExampleMap_Append() {
	var m timemap.Map[string, string]
	m.Append("host", 1000, "10.0.0.1")
	fmt.Println(m.Append("host", 940, "10.0.0.2")) // the clock was stepped back by 60
	v, _ := m.Latest("host")
	fmt.Println(v.Time, v.Value)
	fmt.Println(m.AppendDelete("host", 945)) // the same for a removal
	// Output:
	// 1001
	// 1001 10.0.0.2
	// 1002
}

// The changes of a key, including deletions.
func ExampleMap_Changes() {
	var m timemap.Map[string, string]
	m.Set("user", 1, "ann")
	m.Delete("user", 5)
	for t, c := range m.Changes("user") {
		fmt.Println(t, c.Value, c.Deleted)
	}
	// Output:
	// 1 ann false
	// 5  true
}

func ExampleMap_Delete() {
	var m timemap.Map[string, int]
	m.Set("user", 1, 7)
	m.Delete("user", 5)
	_, before := m.Get("user", 4)
	_, after := m.Get("user", 5)
	fmt.Println(before, after)
	// Output: true false
}

func ExampleMap_Range() {
	var m timemap.Map[string, int]
	for t := range int64(10) {
		m.Set("load", t, int(t*t))
	}
	for t, v := range m.Range("load", 3, 5) {
		fmt.Println(t, v)
	}
	// Output:
	// 3 9
	// 4 16
	// 5 25
}

// Drop the versions that no read at 30 or later needs: the version that holds at 30
// stays.
func ExampleMap_CompactBefore() {
	var m timemap.Map[string, int]
	m.Set("k", 10, 1)
	m.Set("k", 20, 2)
	m.Set("k", 40, 4)
	fmt.Println(m.CompactBefore(30))
	fmt.Println(m.Get("k", 30))
	// Output:
	// 1
	// 2 true
}
