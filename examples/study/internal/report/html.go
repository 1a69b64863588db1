package report

import (
	"io"

	"example.com/flatline/examples/study/internal/model"
)

func HTML(w io.Writer, s *model.Study) error { return nil }
func Overview(s *model.Study) string         { return "" }
