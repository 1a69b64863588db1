package timeline

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxText is how many runes a post may have.
	MaxText = 500
	// MaxName is how many bytes a name may have.
	MaxName = 32
	// MaxFollows is how many people one may follow, and how many one may block.
	MaxFollows = 5000
	// MaxPage is how many posts a page may have.
	MaxPage = 100
)

// CheckName returns an error unless a name is one: a-z, 0-9 and -.
func CheckName(name string) error {
	bad := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	if name == "" || len(name) > MaxName || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%w: a name has 1 to %d of a-z, 0-9 and -, got %.40q", ErrBad, MaxName, name)
	}
	return nil
}

// CheckText returns an error unless a text is one to show: without control characters,
// among them those that reverse the text around them, other than line ends.
func CheckText(text string) error {
	n := utf8.RuneCountInString(text)
	if strings.TrimSpace(text) == "" || n > MaxText {
		return fmt.Errorf("%w: a post has 1 to %d characters that are not all spaces, got %d", ErrBad, MaxText, n)
	}
	for _, r := range text {
		switch {
		case r == utf8.RuneError:
			return fmt.Errorf("%w: a post is UTF-8", ErrBad)
		case unicode.IsControl(r) && r != '\n', unicode.Is(unicode.Bidi_Control, r):
			return fmt.Errorf("%w: a post must not have the control character %U", ErrBad, r)
		}
	}
	return nil
}

// Check returns an error unless an edge is one.
func (e Edge) Check() error {
	switch e.Kind {
	case Follow, Unfollow, Block, Unblock:
	default:
		return fmt.Errorf("%w: there is no edge of the kind %.40q", ErrBad, e.Kind)
	}
	if err := errors.Join(CheckName(e.From), CheckName(e.To)); err != nil {
		return err
	}
	if e.From == e.To {
		return fmt.Errorf("%w: you cannot %s yourself", ErrBad, e.Kind)
	}
	return nil
}

// Check walks the state and returns the first thing that does not fit: ids that do not
// ascend, edges that are known at one end only, or a post that waits unseen. O(n); for
// tests.
func (m *Memory) Check() error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	posts := 0
	for name, p := range m.people.All() {
		for i, id := range p.posts {
			if x, ok := m.posts.Load(id); !ok || x.Author != name || i > 0 && p.posts[i-1] >= id || uint64(id)>>nodeBits > m.ids.last {
				return fmt.Errorf("post %d of %s is %v", i, name, id)
			}
		}
		posts += len(p.posts)
		if m.late.Contains(p) != (len(p.waiting) > 0) {
			return fmt.Errorf("F1: %s has posts that wait: %v", name, p.waiting)
		}
		for a := range p.follows.All() {
			if !a.followers.Contains(p) {
				return fmt.Errorf("F1: %s follows %s, who does not know it", name, a.name)
			}
		}
		for b := range p.blocks.All() {
			if !b.blocked.Contains(p) {
				return fmt.Errorf("F4: %s blocks %s, who does not know it", name, b.name)
			}
		}
	}
	if posts != m.posts.Len() {
		return fmt.Errorf("%d posts by authors, %d in all", posts, m.posts.Len())
	}
	return nil
}
