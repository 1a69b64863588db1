package gate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// masks shows API keys without giving them away: the first letters of a long key, and
// as much of an HMAC as tells two keys apart. Its secret lives as long as the process.
type masks struct{ secret []byte }

func newMasks() masks {
	m := masks{make([]byte, 32)}
	rand.Read(m.secret) // never fails
	return m
}

// sign is in every mask and in no key, since keys are ASCII.
const sign = "…"

// of returns the mask of a key: at most a quarter of the key, and of that at most four
// letters.
func (m masks) of(key string) string {
	h := hmac.New(sha256.New, m.secret)
	h.Write([]byte(key))
	return key[:min(len(key)/4, 4)] + sign + hex.EncodeToString(h.Sum(nil)[:5])
}

// hide returns r with masked keys.
func (m masks) hide(r Rules) Rules {
	if r.Clients == nil {
		return r
	}
	hidden := make(map[string]*Limit, len(r.Clients))
	for key, l := range r.Clients {
		hidden[m.of(key)] = l
	}
	r.Clients = hidden
	return r
}

// parse reads rules as ParseRules does; a mask in them stands for its key in base. A mask
// of no key in base is an error that wraps ErrRules, as is a key next to its mask.
func (m masks) parse(doc []byte, base Rules) (Rules, error) {
	r, err := decode(doc)
	if err == nil {
		r, err = m.reveal(r, base)
	}
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Rules{}, fmt.Errorf("%w: %w", ErrRules, err)
	}
	return r, nil
}

func (m masks) reveal(r, base Rules) (Rules, error) {
	if r.Clients == nil {
		return r, nil
	}
	keys := make(map[string]string, len(base.Clients))
	for key := range base.Clients {
		keys[m.of(key)] = key
	}
	shown := make(map[string]*Limit, len(r.Clients))
	for name, l := range r.Clients {
		if strings.Contains(name, sign) {
			key, ok := keys[name]
			if !ok {
				return Rules{}, fmt.Errorf("clients: %s is the mask of no key in the version that this follows", name)
			}
			name = key
		}
		if _, twice := shown[name]; twice {
			return Rules{}, fmt.Errorf("clients: %s is there twice, once masked", m.of(name))
		}
		shown[name] = l
	}
	r.Clients = shown
	return r, nil
}
