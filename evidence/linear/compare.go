package main

import (
	"fmt"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/evidence/internal/sample"
)

// number is how many histories of a type the command produces.
func (c *config) number() int {
	switch {
	case c.long:
		return sample.Long
	case c.short:
		return sample.Short
	}
	return sample.Usual
}

// counts names the types that had another number of histories than the command produces,
// and the packages that had none.
func (c *config) counts(found []record.Checked) (wrong []string) {
	n := c.number()
	for _, t := range found {
		if t.Histories != n || t.Yields != n/2 {
			wrong = append(wrong, fmt.Sprintf("%s had %d histories, %d of them with yields; this command gives %d and %d",
				t.Name, t.Histories, t.Yields, n, n/2))
		}
	}
	for _, pkg := range c.pkgs {
		if c.run == "" && !slices.ContainsFunc(found, func(t record.Checked) bool { return t.Pkg == pkg }) {
			wrong = append(wrong, "linear/"+pkg+" judged no history")
		}
	}
	if len(found) == 0 && len(wrong) == 0 {
		wrong = append(wrong, "no test matches")
	}
	return wrong
}

// compare names the types of the packages that have histories and are not recorded, and
// those that are recorded and have none.
func compare(recorded, found []record.Checked, pkgs []string) (wrong []string) {
	has := func(in []record.Checked, t record.Checked) bool {
		return slices.ContainsFunc(in, func(x record.Checked) bool { return x.Name == t.Name && x.Pkg == t.Pkg })
	}
	for _, t := range found {
		if !has(recorded, t) {
			wrong = append(wrong, fmt.Sprintf("%s has histories, but no record of them: %s -pkg %s", t.Name, record.LongCommand, t.Pkg))
		}
	}
	for _, t := range recorded {
		if slices.Contains(pkgs, t.Pkg) && !has(found, t) {
			wrong = append(wrong, fmt.Sprintf("%s is recorded, but has no histories now: %s -pkg %s", t.Name, record.LongCommand, t.Pkg))
		}
	}
	return wrong
}

// save replaces recorded entries by what was found. Without -run it also drops entries
// that the packages no longer have, and entries that belong to no package.
func (c *config) save(recorded, found []record.Checked) error {
	today, err := record.HistorySources("..", c.pkgs...)
	if err != nil {
		return err
	}
	command := record.LongCommand + " -pkg " + strings.Join(c.pkgs, ",")
	if c.run != "" {
		command += " -run '" + c.run + "'"
	}
	known, err := packages()
	if err != nil {
		return err
	}
	keep := slices.DeleteFunc(recorded, func(t record.Checked) bool {
		again := slices.ContainsFunc(found, func(x record.Checked) bool { return x.Name == t.Name })
		return again || !slices.Contains(known, t.Pkg) || c.run == "" && slices.Contains(c.pkgs, t.Pkg)
	})
	for _, t := range found {
		t.Made = record.Now(command, map[string]string{t.Pkg: today[t.Pkg]})
		keep = append(keep, t)
	}
	return record.WriteHistories(".", keep)
}
