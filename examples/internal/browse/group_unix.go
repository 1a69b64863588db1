//go:build unix

package browse

import (
	"os/exec"
	"syscall"
)

const (
	kill    = syscall.SIGKILL
	stop    = syscall.SIGSTOP
	proceed = syscall.SIGCONT
)

// group makes a process the first of a group.
func group(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signal sends a signal to the group of a process.
func signal(cmd *exec.Cmd, s syscall.Signal) bool { return syscall.Kill(-cmd.Process.Pid, s) == nil }
