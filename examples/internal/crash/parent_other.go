//go:build !linux

package crash

import "os/exec"

func endWithParent(*exec.Cmd) {}
