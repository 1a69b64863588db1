package start

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// credential returns the engine's user if the caller is root and the engine refuses to be.
func (e Engine) credential() *syscall.Credential {
	if e.user == "" || os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(e.user)
	if err != nil {
		return nil
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// own gives a directory to the engine's user.
func (e Engine) own(dir string) error {
	if c := e.credential(); c != nil {
		return os.Chown(dir, int(c.Uid), int(c.Gid))
	}
	return nil
}

// command returns a command that runs as the engine's user and that the kernel ends when
// its starter ends without cleaning up.
func (e Engine) command(bin string, args ...string) *exec.Cmd {
	cmd := exec.Command(bin, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: e.credential()}
	return cmd
}
