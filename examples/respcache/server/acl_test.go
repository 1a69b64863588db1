package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestACL: there is one user, whose password is requirepass, and it is shown as a hash only.
func TestACL(t *testing.T) {
	s := start(t, Options{Config: map[string]string{"requirepass": "secret"}})
	c := dial(t, s)
	require.Equal(t, "-"+errNoAuth, c.do("ACL WHOAMI"))
	c.do("AUTH secret")
	const hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
	require.Equal(t, "[user default on #"+hash+" ~* &* +@all]", c.do("ACL LIST"))
	require.Contains(t, c.do("ACL GETUSER default"), "flags [on] passwords ["+hash+"] commands +@all")
	require.Equal(t, "default", c.do("ACL WHOAMI"))
	require.Contains(t, c.do("ACL SETUSER other on"), "-ERR there are no users but 'default'")
	require.Len(t, c.do("ACL GENPASS"), 64)
	require.Len(t, c.do("ACL GENPASS 5"), 2)
	require.NotEqual(t, c.do("ACL GENPASS"), c.do("ACL GENPASS"))
	for _, n := range []string{"0", "-1", "4097", "9223372036854775807"} {
		require.Contains(t, c.do("ACL GENPASS "+n), "-ERR")
	}
	require.Contains(t, c.do("ACL CAT string"), " setrange ")
	require.Equal(t, "[]", c.do("ACL CAT geo"))
}

// TestACLLog: attempts to log in that fail are noted, repeated ones together, and no more
// than a number of them.
func TestACLLog(t *testing.T) {
	s := start(t, Options{Config: map[string]string{"requirepass": "secret"}})
	c := dial(t, s)
	for range 3 {
		c.do("AUTH wrong")
	}
	c.do("HELLO 2 AUTH mallory wrong")
	c.do("AUTH secret")
	log := c.do("ACL LOG")
	assert.Equal(t, 2, strings.Count(log, " reason auth "))
	assert.Regexp(t, `^\[\[count 1 reason auth context toplevel object hello username mallory age-seconds \S+ client-info id=1 `, log)
	assert.Contains(t, log, "[count 3 reason auth context toplevel object auth username default ")
	assert.NotContains(t, log, "wrong")
	for i := range 2 * aclLogLen {
		c.do("AUTH user" + itoa(int64(i)) + " wrong")
	}
	assert.Equal(t, aclLogLen, strings.Count(c.do("ACL LOG 1000"), " reason auth "))
	assert.Equal(t, 1, strings.Count(c.do("ACL LOG 1"), " reason auth "))
	assert.Equal(t, "[]", c.do("ACL LOG -1"))
	c.do("ACL LOG RESET")
	assert.Equal(t, "[]", c.do("ACL LOG"))
}
