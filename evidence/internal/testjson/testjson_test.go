package testjson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadOfACrash: the output of a test that was running when its package failed is shown,
// and that of tests which passed is not.
func TestReadOfACrash(t *testing.T) {
	in := strings.Join([]string{
		`{"Action":"output","Package":"p","Test":"TestGood","Output":"fine\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestGood"}`,
		`{"Action":"output","Package":"p","Test":"TestHangs","Output":"panic: test timed out\n"}`,
		`{"Action":"output","Package":"q","Test":"TestOther","Output":"elsewhere\n"}`,
		`{"Action":"output","Package":"p","Output":"FAIL p\n"}`,
		`{"Action":"fail","Package":"p"}`,
	}, "\n")
	var out strings.Builder
	events := 0
	require.NoError(t, Read(strings.NewReader(in), false, &out, func(Event) error { events++; return nil }))
	assert.Equal(t, "panic: test timed out\nFAIL p\n", out.String())
	assert.Equal(t, 2, events)
}
