package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"example.com/flatline/evidence/internal/record"
)

// save writes the record of a whole run.
func save(root string, found []finding, took time.Duration) error {
	s := record.Schedules{Seconds: int(took.Seconds())}
	for _, f := range found {
		s.Explored = append(s.Explored, f.explored())
	}
	today, err := record.ScheduleSources(root, s.Pkgs()...)
	if err != nil {
		return err
	}
	s.Made = record.Now(record.SchedulesCommand, today)
	if wrong := s.Wrong(); len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	return s.Write(".")
}

func (f finding) explored() record.Explored {
	return record.Explored{Name: f.Name, Pkg: f.Pkg, Shape: f.Shape, Bound: f.Bound, Programs: f.Programs, Schedules: f.Schedules, Histories: f.Histories}
}

// compare fails if the record of the same sources has other counts: they are the same in
// every run. Findings that are not in the record, or from other sources, are not
// compared.
func compare(root string, found []finding) error {
	recorded, err := record.ReadSchedules(".")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	today, err := record.ScheduleSources(root, recorded.Pkgs()...)
	if err != nil {
		return err
	}
	return differences(recorded, today, found)
}

// differences names the findings that differ from those of a record.
func differences(recorded record.Schedules, today map[string]string, found []finding) error {
	var wrong []string
	for _, f := range found {
		if recorded.Sources[f.Pkg] != today[f.Pkg] {
			continue
		}
		for _, e := range recorded.Explored {
			if now := f.explored(); e.Name == f.Name && e.Shape == f.Shape && e.Bound == f.Bound && e != now {
				wrong = append(wrong, fmt.Sprintf("%s %s: %d programs, %d schedules, %d histories are recorded, and %d, %d, %d are found",
					f.Name, f.Shape, e.Programs, e.Schedules, e.Histories, now.Programs, now.Schedules, now.Histories))
			}
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	return nil
}
