package httplimit

import (
	"context"
	"net/http"

	"example.com/flatline/ratelimit"
)

// A Result is what one limit decided about a request.
type Result struct {
	Policy   Policy
	Decision ratelimit.Decision
}

type resultsKey struct{}

// Results returns the decisions of the limits that a request has met and whose
// [Options.Expose] is set, the outermost first. It is nil if there are none. O(1).
func Results(ctx context.Context) []Result {
	all, _ := ctx.Value(resultsKey{}).([]Result)
	return all
}

// expose returns r with these results added to those that it already has.
func expose(r *http.Request, results []Result) *http.Request {
	ctx := r.Context()
	if outer := Results(ctx); len(outer) > 0 {
		results = append(append([]Result(nil), outer...), results...)
	}
	return r.WithContext(context.WithValue(ctx, resultsKey{}, results))
}
