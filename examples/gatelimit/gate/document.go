package gate

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

//go:embed rules.json
var defaultRules []byte

// DefaultRules returns the rules of a gateway that was given none.
func DefaultRules() Rules {
	r, err := ParseRules(defaultRules)
	if err != nil {
		panic(err)
	}
	return r
}

// ParseRules reads a JSON document. Its errors wrap ErrRules and say what is wrong and
// where: a document that is not an object, a member that is unknown or occurs twice, an
// invalid rate, a burst below 1 or too long to fill, a path that no request can have.
func ParseRules(doc []byte) (Rules, error) {
	r, err := decode(doc)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Rules{}, fmt.Errorf("%w: %w", ErrRules, err)
	}
	return r, nil
}

// decode reads a document without checking the meaning of its values.
func decode(doc []byte) (r Rules, err error) {
	if len(doc) > maxBody {
		return r, fmt.Errorf("more than %d bytes", maxBody)
	}
	if err := checkMembers(doc); err != nil {
		return r, err
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("something follows the document")
	}
	return r, nil
}

// checkMembers refuses a document that is not an object, and one in which an object has a
// member twice; a decoder would use the last one.
func checkMembers(doc []byte) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	first, err := d.Token()
	if err != nil {
		return err
	}
	if first != json.Delim('{') {
		return errors.New("the document must be an object such as {}")
	}
	return checkObject(d, "")
}

// checkObject reads the members of an object up to its end.
func checkObject(d *json.Decoder, where string) error {
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		member := where + fmt.Sprint(name)
		folded := member
		if where != "clients." { // whose members are keys; all others are fields, which the decoder folds
			folded = strings.ToLower(member)
		}
		if seen[folded] {
			return fmt.Errorf("%s is there twice", member)
		}
		seen[folded] = true
		if err := checkValue(d, member); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func checkValue(d *json.Decoder, where string) error {
	t, err := d.Token()
	switch {
	case err != nil:
		return err
	case t == json.Delim('{'):
		return checkObject(d, where+".")
	case t != json.Delim('['):
		return nil
	}
	for i := 0; d.More(); i++ {
		if err := checkValue(d, fmt.Sprintf("%s[%d]", where, i)); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
