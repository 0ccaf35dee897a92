// Package proc starts servers as processes of their own and says what they cost.
package proc

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Server is a process that listens.
type Server struct {
	Name string
	Addr string
	cmd  *exec.Cmd
	done chan error
}

// Start runs a program and waits until something listens at addr.
func Start(name, addr string, cmd *exec.Cmd) (*Server, error) {
	log, err := os.CreateTemp("", "serve-"+name+"-*.log")
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{Name: name, Addr: addr, cmd: cmd, done: make(chan error, 1)}
	go func() { s.done <- cmd.Wait() }()
	for range 200 {
		c, err := net.DialTimeout("tcp", addr, 50*time.Millisecond)
		if err == nil {
			c.Close()
			os.Remove(log.Name())
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Kill()
	text, _ := os.ReadFile(log.Name())
	return nil, fmt.Errorf("%s does not listen at %s:\n%s", name, addr, text)
}

// Alive reports whether the process runs.
func (s *Server) Alive() bool {
	select {
	case err := <-s.done:
		s.done <- err
		return false
	default:
		return true
	}
}

// Kill ends the process and those that it started, and no others.
func (s *Server) Kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
	s.done <- nil
}

// Stop ends the process in peace, and reports how it ended.
func (s *Server) Stop() error {
	_ = syscall.Kill(s.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(20 * time.Second):
		s.Kill()
		return fmt.Errorf("%s does not end", s.Name)
	}
}

// tree are the process and those below it.
func (s *Server) tree() []int {
	pids := []int{s.cmd.Process.Pid}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	parents := map[int]int{}
	for _, name := range stats {
		f, ok := fields(name)
		if ok && len(f) > 1 {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			parents[pid], _ = strconv.Atoi(f[1])
		}
	}
	for i := 0; i < len(pids); i++ {
		for pid, parent := range parents {
			if parent == pids[i] {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// fields are those of a stat file behind the name of the program.
func fields(name string) ([]string, bool) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, false
	}
	text := string(b)
	return strings.Fields(text[strings.LastIndexByte(text, ')')+1:]), true
}

// CPU is the time that the processes have used.
func (s *Server) CPU() time.Duration {
	ticks := 0
	for _, pid := range s.tree() {
		if f, ok := fields(fmt.Sprintf("/proc/%d/stat", pid)); ok && len(f) > 14 {
			for _, i := range []int{11, 12} {
				n, _ := strconv.Atoi(f[i])
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond // of USER_HZ, 100 everywhere on Linux
}

// Memory is what the processes take in MB: their share of pages that several have (PSS).
func (s *Server) Memory() float64 {
	kb := 0
	for _, pid := range s.tree() {
		f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue
		}
		for l := bufio.NewScanner(f); l.Scan(); {
			if rest, ok := strings.CutPrefix(l.Text(), "Pss:"); ok {
				n, _ := strconv.Atoi(strings.Fields(rest)[0])
				kb += n
			}
		}
		f.Close()
	}
	return float64(kb) / 1024
}

// Free returns an address on the loopback interface that nobody listens at.
func Free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Dispcheck builds the program of this checkout into a folder, and returns its path.
func Dispcheck(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "dispcheck")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/dispcheck")
	cmd.Dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(root))), "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building dispcheck: %w\n%s", err, out)
	}
	return path, nil
}
