package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed page.css
	pageStyle string
	//go:embed svg.css
	svgStyle string

	page = template.Must(template.New("page").Funcs(template.FuncMap{"soft": soft}).Parse(pageSource))
)

// soft lets a name break between its words, where a narrow page needs it.
func soft(name string) template.HTML {
	return template.HTML(capitals.ReplaceAllString(template.HTMLEscapeString(name), "$1<wbr>$2"))
}

var capitals = regexp.MustCompile(`([a-z.])([A-Z])`)

// HTML writes the page: one file, with nothing to fetch and no script.
func HTML(w io.Writer, s *model.Study) error {
	return page.Execute(w, newPage(s))
}

// pageData is what the template shows.
type pageData struct {
	*model.Study
	Style    template.CSS
	Date     string
	Growth   template.HTML
	Phone    template.HTML // the same, drawn for a narrow page
	Lesson   []opData
	Groups   []groupData
	Controls []opData
	Failed   []string
	Counts   []countData
	Summary  string
	Blind    bool // layer B is missing
	OwnOnly  bool // all packages are the user's
}

type groupData struct {
	Pkg, ID string
	Doc     string
	// Textbook says what the textbook answer is or lacks.
	Textbook string
	Ops      []opData
}

type countData struct {
	N          int
	Word, Mark string
	Verdict    growth.Verdict
}

type opData struct {
	*model.Op
	ID, Mark    string
	Shown       string // the verdict as shown
	VerdictName string // the class of its badge
	G, GShort   string // with its interval, and without
	Cost        string
	WorkCell    string
	Spark       template.HTML
	Chart       template.HTML
	Hot, All    template.HTML
	AllLabel    string
	MapRatio    string
	Text        string // the textbook answer in units of ours
	TextCell    string
	InstrCell   string
	Calls       template.HTML
	CallsLabel  string
	Table       tableData
}

func newPage(s *model.Study) pageData {
	p := pageData{
		Study: s, Style: template.CSS(pageStyle + svgStyle), Date: s.Started.Format("2 January 2006, 15:04"),
		Failed: s.Failed(), Summary: Summary(s),
		OwnOnly: len(s.Ops) > 0 && !slices.ContainsFunc(s.Ops, func(o *model.Op) bool { return !o.Own }),
	}
	p.Growth, p.Phone = template.HTML(growthChart(s, "all", desktop)), template.HTML(growthChart(s, "phone", phone))
	pair := lesson(s)
	for i, o := range pair { // on one axis
		most := max(pair[0].Calls.Worst(), pair[1].Calls.Worst())
		p.Lesson = append(p.Lesson, opData{Op: o, Calls: template.HTML(callsChart(o, fmt.Sprintf("l%d", i), most)), CallsLabel: callsLabel(o.Calls)})
	}
	index := make(map[string]int)
	for i, o := range s.Ops {
		at, ok := index[o.Pkg]
		if !ok {
			at = len(p.Groups)
			index[o.Pkg] = at
			p.Groups = append(p.Groups, groupData{Pkg: cmpPkg(o.Pkg), ID: fmt.Sprintf("g%d", at), Doc: questions[o.Pkg], Textbook: textWhy(s, o.Pkg)})
		}
		p.Groups[at].Ops = append(p.Groups[at].Ops, newOp(s, o, fmt.Sprintf("p%d", i)))
	}
	for i, o := range s.Controls {
		d := newOp(s, o, fmt.Sprintf("c%d", i))
		d.Chart = template.HTML(controlChart(o, d.ID))
		d.Shown, d.VerdictName, d.Mark = "NOT refuted as O(1)", "refuted", "✗"
		if o.RefutedConstant() {
			d.Shown, d.VerdictName, d.Mark = "refuted as O(1)", "control", "✓"
		}
		p.Controls = append(p.Controls, d)
		p.Blind = p.Blind || o.Instr == nil && o.Planted == ""
	}
	refuted := 0
	for _, o := range s.Controls {
		if o.RefutedConstant() {
			refuted++
		}
	}
	p.Counts = []countData{
		{N: s.Count(growth.Confirmed), Word: "confirmed", Mark: "✓", Verdict: growth.Confirmed},
		{N: s.Count(growth.Refuted), Word: "refuted", Mark: "✗", Verdict: growth.Refuted},
		{N: s.Count(growth.Inconclusive), Word: "inconclusive", Mark: "?", Verdict: growth.Inconclusive},
		{N: refuted, Word: fmt.Sprintf("of %s seen to grow", plural(len(s.Controls), "control")), Mark: "△", Verdict: "control"},
	}
	return p
}

// cmpPkg is the name to show for a package.
func cmpPkg(pkg string) string {
	if pkg == "" {
		return "standard input"
	}
	return pkg
}

// textWhy is the sentence about a package's textbook answer, if it was measured.
func textWhy(s *model.Study, pkg string) string {
	for _, o := range s.Ops {
		if o.Pkg == pkg && o.TextMore.Why != "" {
			return o.TextMore.Why
		}
	}
	return ""
}

// questions has each package in a line.
var questions = map[string]string{
	"lru":        "A cache that evicts what was not used for longest.",
	"lfu":        "A cache that evicts what was used least often.",
	"ratelimit":  "A token bucket that many goroutines share.",
	"ringbuffer": "A circular buffer between producer and consumer.",
	"concmap":    "A map that many goroutines read and write.",
	"timemap":    "A map that remembers what every key held, and when.",
	"minstack":   "A stack that knows its minimum.",
	"randset":    "A set that draws a random member.",
	"slidingmax": "The maximum of every window of k values.",
	"bqueue":     "A bounded queue that blocks when full or empty.",
}

func newOp(s *model.Study, o *model.Op, id string) opData {
	d := opData{
		Op: o, ID: id, Mark: marks[o.Verdict], Shown: string(o.Verdict), VerdictName: string(o.Verdict),
		WorkCell: workCell(o), Text: textNote(o), TextCell: textCell(o), InstrCell: instrCell(o), Table: newTable(o),
	}
	if o.Verdict == growth.Unjudged {
		d.VerdictName = "named"
	}
	if o.Verdict == growth.Unstated {
		d.Shown = o.Class().String()
		if o.Timed() {
			d.Shown, _, _ = strings.Cut(o.Why, ":")
		}
	}
	if j := o.Main(); j != nil {
		d.Cost = ends(j.Points)
		if j.Power.G > 0 {
			d.G, d.GShort = interval(j.Power), ratio(j.Power.G)
		}
		d.Spark = template.HTML(sparkSVG(j.Points))
	}
	if o.Pkg == "control" || o.Planted != "" {
		return d
	}
	d.Chart = template.HTML(mainChart(s, o, id))
	if o.Calls != nil {
		d.Calls, d.CallsLabel = template.HTML(callsChart(o, id+"k", 0)), callsLabel(o.Calls)
	}
	d.Hot = template.HTML(timeChart(s, o, id+"h", hotKeys))
	d.All = template.HTML(timeChart(s, o, id+"u", allKeys))
	d.AllLabel = "ns, all keys + cache"
	if len(o.Time.Uniform) == 0 {
		d.AllLabel = "ns, includes the cache"
	}
	if a, b := o.Time.Uniform, s.GoMap.Uniform; len(a) > 0 && len(a) == len(b) {
		d.MapRatio = fmt.Sprintf("×%s of a Go map's Get at n = %s, ×%s at n = %s",
			ratio(a[0].V/b[0].V), group(a[0].N), ratio(last(a)/last(b)), group(a[len(a)-1].N))
	}
	return d
}

// tableData holds the numbers behind an operation's pictures.
type tableData struct {
	Head []string
	Rows [][]string
}

func newTable(o *model.Op) tableData {
	var columns []map[int]float64
	var t tableData
	t.Head = []string{"n"}
	var sizes []int
	seen := make(map[int]bool)
	add := func(name string, points []growth.Point) {
		if len(points) == 0 {
			return
		}
		col := make(map[int]float64, len(points))
		for _, p := range points {
			col[p.N] = p.V
			if !seen[p.N] {
				seen[p.N] = true
				sizes = append(sizes, p.N)
			}
		}
		t.Head = append(t.Head, name)
		columns = append(columns, col)
	}
	if o.Work != nil {
		add("work, mean", o.Work.Mean)
		add("work, worst", o.Work.Worst)
		add("work, mean of its life", o.Work.LifeMean)
		add("work, worst of its life", o.Work.LifeWorst)
	}
	if o.Instr != nil {
		add("instructions", o.Instr.Points)
	}
	add("instructions, textbook", o.Textbook)
	add("ns, hot keys", o.Time.Hot)
	add("ns, all keys", o.Time.Uniform)
	add("ns", o.Time.Plain)
	if o.PerOp != nil {
		add(strings.TrimSuffix(o.Unit, "/op"), o.PerOp.Points)
	}
	slices.Sort(sizes)
	for _, n := range sizes {
		row := []string{group(n)}
		for _, col := range columns {
			cell := ""
			if v, ok := col[n]; ok {
				cell = number(v)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// sparkSVG is a series in a table cell.
func sparkSVG(points []growth.Point) string {
	if len(points) < 2 {
		return ""
	}
	const w, h = 64.0, 18.0
	top := axisTop(points)
	var path strings.Builder
	for i, p := range points {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], 1+(w-2)*float64(i)/float64(len(points)-1), h-1-(h-3)*p.V/top)
	}
	return fmt.Sprintf(`<svg class="spark" viewBox="0 0 %g %g" aria-hidden="true"><path class="base" d="M0 %g H%g"/><path d="%s"/></svg>`, w, h, h-0.5, w, path.String())
}
