//go:build !linux

package start

import "os/exec"

func (e Engine) own(string) error { return nil }

func (e Engine) command(bin string, args ...string) *exec.Cmd { return exec.Command(bin, args...) }
