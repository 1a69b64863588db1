// Validate checks structs by the rules in their field tags.
//
// The question: "write a validator driven by annotations". Reading tags by reflection is
// slow, and the rules of a type never change, so each type is read once and its plan kept
// in a concurrent map. The trap: a misspelt rule checks nothing, without any notice. Here
// it is an error, each time.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.com/flatline/concmap"
)

// A check is one rule of one field.
type check struct {
	field reflect.StructField
	rule  string
	holds func(reflect.Value) bool
}

// A Validator holds the plans of the types that it has seen. The zero value is
// ready and safe for concurrent use.
type Validator struct {
	plans concmap.Map[reflect.Type, []check]
}

// Struct checks the fields of s, a struct or a non-nil pointer to one, by their tags:
// `validate:"required,min=3,max=20"`. min and max bound integers by value, strings by
// runes, slices and maps by length; structs in fields are not entered. All errors are
// returned joined, in the order of the fields. The first struct of a type costs reading
// its tags, later ones a map lookup.
func (v *Validator) Struct(s any) error {
	val := reflect.Indirect(reflect.ValueOf(s))
	if val.Kind() != reflect.Struct {
		return fmt.Errorf("validate: want a struct, got %T", s)
	}
	t := val.Type()
	plan, _, err := v.plans.LoadOrCompute(context.Background(), t, func(_ context.Context, t reflect.Type) ([]check, error) { return read(t) })
	errs := []error{err}
	for _, c := range plan {
		if !c.holds(val.FieldByIndex(c.field.Index)) {
			errs = append(errs, fmt.Errorf("%s fails %s", c.field.Name, c.rule))
		}
	}
	return errors.Join(errs...)
}

// read turns the tags of t into checks.
func read(t reflect.Type) (plan []check, err error) {
	for f := range t.Fields() {
		if tag := f.Tag.Get("validate"); tag != "" {
			for rule := range strings.SplitSeq(tag, ",") {
				holds := newRule(f.Type, rule)
				if holds == nil {
					return nil, fmt.Errorf("validate: %s has no rule %q for %v", f.Name, rule, f.Type)
				}
				plan = append(plan, check{f, rule, holds})
			}
		}
	}
	return plan, nil
}

// newRule returns the function that says whether a value of type t obeys rule; nil if no
// value can.
func newRule(t reflect.Type, rule string) func(reflect.Value) bool {
	name, arg, _ := strings.Cut(rule, "=")
	bound, err := strconv.ParseInt(arg, 10, 63) // below the 1<<62 of size
	_, sized := size(reflect.Zero(t))
	switch sized = sized && err == nil; {
	case rule == "required":
		return func(v reflect.Value) bool { return !v.IsZero() }
	case name == "min" && sized:
		return func(v reflect.Value) bool { n, _ := size(v); return n >= bound }
	case name == "max" && sized:
		return func(v reflect.Value) bool { n, _ := size(v); return n <= bound }
	}
	return nil
}

// size returns the number that min and max compare, if v has one.
func size(v reflect.Value) (n int64, ok bool) {
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(min(v.Uint(), 1<<62)), true
	case v.Kind() == reflect.String:
		return int64(utf8.RuneCountInString(v.String())), true
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		return int64(v.Len()), true
	}
	return 0, false
}

// skipping is the wrong answer, kept to be shown: it skips rules that it does not know.
func skipping(s any) error {
	var errs []error
	val := reflect.ValueOf(s)
	for f := range val.Type().Fields() {
		for rule := range strings.SplitSeq(f.Tag.Get("validate"), ",") {
			if holds := newRule(f.Type, rule); holds != nil && !holds(val.FieldByIndex(f.Index)) {
				errs = append(errs, fmt.Errorf("%s fails %s", f.Name, rule))
			}
		}
	}
	return errors.Join(errs...)
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	type account struct {
		Name string   `validate:"required,min=3,max=12"`
		Age  int      `validate:"min=18"`
		Tags []string `validate:"max=2"`
	}
	type typo struct {
		Name string `validate:"requierd"`
	}
	var v Validator
	bo := account{"Bo", 17, []string{"a", "b", "c"}}
	for _, s := range []any{account{"Ada Lovelace", 36, nil}, bo} {
		fmt.Fprintf(w, "%+v\n%v\n\n", s, v.Struct(s))
	}
	fmt.Fprintln(w, "an empty Name, and its rule is misspelt:")
	fmt.Fprintln(w, "wrong, skip unknown rules:", skipping(typo{}))
	fmt.Fprintln(w, "right, Struct:            ", v.Struct(typo{}))
}
