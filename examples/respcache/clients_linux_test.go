package main

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the server when the tests end without cleaning up, as
// they do when go test times out.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
