package fleet

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// server is a device with an ssh server, in this process. What it runs has a home of its own.
type server struct {
	t        *testing.T
	home     string
	key      ssh.Signer // of the host
	allowed  ssh.PublicKey
	listener net.Listener
	// silent, if set, is told of channels and commands, and says which are never answered.
	silent func(what string) bool

	mu       sync.Mutex
	conns    []net.Conn
	commands []string
	running  []*exec.Cmd
	all      sync.WaitGroup
}

// newKey makes a key, and its file as ssh-keygen writes it.
func newKey(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

// newServer starts a device, which this user knows and can log in to.
func newServer(t *testing.T) *server {
	t.Helper()
	agentFile(t) // before Go's cache is in another home
	user, here := t.TempDir(), filepath.Join(t.TempDir(), ".ssh")
	s := &server{t: t, home: user}
	t.Setenv("HOME", filepath.Dir(here))
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("TAILOR_AGENT_LOCK", user)
	own, file := newKey(t)
	s.key, _ = newKey(t)
	s.allowed = own.PublicKey()
	if err := os.Mkdir(here, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(here, "id_ed25519"), file)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.know(s.key)
	s.all.Go(s.serve)
	t.Cleanup(s.close)
	return s
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// know makes a key that of the host in the user's file; nil is none.
func (s *server) know(key ssh.Signer) {
	s.t.Helper()
	line := ""
	if key != nil {
		line = knownhosts.Line([]string{knownhosts.Normalize(s.listener.Addr().String())},
			key.PublicKey()) + "\n"
	}
	write(s.t, filepath.Join(os.Getenv("HOME"), ".ssh", "known_hosts"), []byte(line))
}

func (s *server) address() string { return "ssh://somebody@" + s.listener.Addr().String() }

func (s *server) close() {
	_ = s.listener.Close()
	s.drop()
	s.all.Wait()
}

// drop ends all connections, as a network does.
func (s *server) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

// kill kills whatever runs.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.running {
		_ = c.Process.Kill()
	}
}

// uploads is how many commands took a file.
func (s *server) uploads() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		if strings.Contains(c, "cat >") {
			n++
		}
	}
	return n
}

// left are the files in the device's home.
func (s *server) left() (names []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.home, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, s.home))
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

func (s *server) serve() {
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (
		*ssh.Permissions, error) {
		if string(key.Marshal()) != string(s.allowed.Marshal()) {
			return nil, errors.New("no such key")
		}
		return nil, nil
	}}
	config.AddHostKey(s.key)
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.all.Go(func() { s.connection(conn, config) })
	}
}

func (s *server) connection(conn net.Conn, config *ssh.ServerConfig) {
	c, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		_ = conn.Close()
		return
	}
	defer c.Close()
	s.all.Go(func() { ssh.DiscardRequests(requests) })
	for one := range channels {
		if s.silent != nil && s.silent(one.ChannelType()) {
			continue
		}
		channel, requests, err := one.Accept()
		if err != nil {
			return
		}
		s.all.Go(func() { s.session(channel, requests) })
	}
}

func (s *server) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var exec struct{ Command string }
		_ = ssh.Unmarshal(r.Payload, &exec)
		if s.silent != nil && s.silent(exec.Command) {
			continue
		}
		_ = r.Reply(true, nil)
		s.all.Go(func() { s.exec(channel, exec.Command) })
	}
}

// exec runs a command as a shell does, whose input ends with the connection.
func (s *server) exec(channel ssh.Channel, line string) {
	defer channel.Close()
	cmd := exec.Command("sh", "-c", "exec "+line)
	cmd.Env = slices.Concat(os.Environ(), []string{"HOME=" + s.home})
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	in, err := cmd.StdinPipe()
	if err == nil {
		s.mu.Lock()
		err = cmd.Start()
		s.commands, s.running = append(s.commands, line), append(s.running, cmd)
		s.mu.Unlock()
	}
	if err != nil {
		s.t.Error(err)
		return
	}
	s.all.Go(func() {
		_, _ = io.Copy(in, channel)
		_ = in.Close()
	})
	err = cmd.Wait()
	status := 0
	if err != nil {
		status = max(cmd.ProcessState.ExitCode(), 1)
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{
		uint32(status)}))
}

// built is the agent for this machine, which is built once.
var built = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "tailor-fleet-test-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "tailor-agent")
	cmd := exec.Command("go", "build", "-tags", "nativeonly", "-o", file, agentPackage)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

func agentFile(t *testing.T) string {
	t.Helper()
	file, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
