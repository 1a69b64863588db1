//go:build !unix

package browse

import "os/exec"

const (
	kill = iota
	stop
	proceed
)

func group(*exec.Cmd) {}

func signal(cmd *exec.Cmd, s int) bool { return s == kill && cmd.Process.Kill() == nil }
