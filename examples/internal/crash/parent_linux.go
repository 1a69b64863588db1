package crash

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the child when the tests end without cleaning up.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
