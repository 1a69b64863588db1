package report

import (
	"fmt"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// short is the end of an import path.
func short(pkg string) string {
	return pkg[strings.LastIndexByte(pkg, '/')+1:]
}

// workCell is the mean and the worst call of counted work.
func workCell(o *model.Op) string {
	if worst := worstCell(o); worst != "–" {
		return meanCell(o) + ", " + worst
	}
	return meanCell(o)
}

func meanCell(o *model.Op) string {
	if o.Work == nil {
		return "–"
	}
	return ends(o.Work.Mean)
}

// worstCell is the worst call, if it costs more than the mean.
func worstCell(o *model.Op) string {
	if o.Work == nil {
		return "–"
	}
	worst := number(worstCall(o.Work))
	switch {
	case worst == number(last(o.Work.Mean)):
		return "–"
	case o.Stated.Amortised && o.Stated.Class == growth.Constant && growsLinearly(o.Work):
		return "max " + worst + ", once in n"
	}
	return "max " + worst
}

// textCell is the textbook answer in units of ours.
func textCell(o *model.Op) string {
	var parts []string
	if r := o.TextRatio(); r > 0 {
		parts = append(parts, "×"+number(r))
	}
	if a := o.TextMore.Allocs; a > 0 {
		parts = append(parts, plural(int(a), "alloc"))
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, ", ")
}

// textNote is the same in words, for the page; "" if nothing is known.
func textNote(o *model.Op) string {
	var parts []string
	if r := o.TextRatio(); r > 0 {
		parts = append(parts, "×"+number(r)+" instructions")
	}
	if a := o.TextMore.Allocs; a > 0 || o.Allocs > 0 {
		note := plural(int(a), "allocation")
		if o.Allocs > 0 {
			note += fmt.Sprintf(" (ours %d)", int(o.Allocs))
		}
		parts = append(parts, note)
	}
	if len(o.Textbook) == 0 && o.TextTime.Plain == nil && o.TextTime.Uniform == nil {
		return ""
	}
	return strings.Join(parts, ", ")
}

// worstCall is the most work of one call, at the largest size that was measured.
func worstCall(w *model.Work) float64 {
	worst := last(w.Worst)
	if len(w.LifeWorst) > 0 {
		worst = max(worst, last(w.LifeWorst))
	}
	return worst
}

// growsLinearly reports whether the worst call grows about as n does: then it cannot
// happen more often than once in n, or the mean would not be flat.
func growsLinearly(w *model.Work) bool {
	first := w.Worst[0]
	if len(w.LifeWorst) > 0 && w.LifeWorst[0].V > first.V {
		first = w.LifeWorst[0]
	}
	return worstCall(w)/first.V > float64(w.Worst[len(w.Worst)-1].N)/float64(first.N)/4
}

func instrCell(o *model.Op) string {
	if o.Instr == nil {
		return "–"
	}
	cell := ends(o.Instr.Points)
	if o.Few {
		cell += "†"
	}
	return cell
}
