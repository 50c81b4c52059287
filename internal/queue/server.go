package queue

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ErrExposed is wrapped by the error about an address that others reach, without credentials.
var ErrExposed = errors.New("others could reach the queue without credentials")

// ServerConfig says how a server listens.
type ServerConfig struct {
	Listen    string // host:port; port 0 is any that is free
	Dir       string // of its files, which it makes
	TokenFile string // a file with a token that clients must have
	Cert, Key string // its certificate and key, PEM: TLS
	CA        string // PEM: clients must have a certificate that these signed
	// Say, if set, is told in a line what the server warns of.
	Say func(text string)
}

// Server is a queue's server in this process.
type Server struct {
	server *server.Server
	// Secure says that it has TLS.
	Secure bool
	// Readable says that tokens, weights and images can be read on their way: others reach it, and
	// without TLS.
	Readable bool
}

// startTimeout is how long a server may take to read its files.
const startTimeout = time.Minute

// Serve starts a server. Close it when done.
func Serve(c ServerConfig) (*Server, error) {
	o, err := c.options()
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	lines := &serverLog{}
	s.SetLogger(lines, false, false)
	s.Start()
	if !lines.ready(s) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("serve: the server does not start on %s with files in %s%s",
			c.Listen, c.Dir, lines.why())
	}
	lines.pass(c.Say)
	secure := o.TLSConfig != nil
	return &Server{server: s, Secure: secure, Readable: !secure && !loopback(o.Host)}, nil
}

// URL is where clients find it: where it listens or, if that is on all addresses of this machine,
// by the machine's name.
func (s *Server) URL() string {
	address := s.server.Addr().String()
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			address = net.JoinHostPort(name, port)
		}
	}
	if s.Secure {
		return "tls://" + address
	}
	return "nats://" + address
}

// Close ends the server. What it holds is in its files.
func (s *Server) Close() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// options are those of the server.
func (c ServerConfig) options() (*server.Options, error) {
	host, port, err := splitAddress(c.Listen)
	if err != nil {
		return nil, err
	}
	o := &server.Options{Host: host, Port: port, ServerName: "tailor", JetStream: true,
		StoreDir: c.Dir, NoSigs: true}
	if port == 0 {
		o.Port = server.RANDOM_PORT
	}
	if c.TokenFile != "" {
		if o.Authorization, err = readToken(c.TokenFile); err != nil {
			return nil, err
		}
	}
	if err := c.addTLS(o); err != nil {
		return nil, err
	}
	if !loopback(host) && c.TokenFile == "" && c.CA == "" {
		return nil, fmt.Errorf("%w on %s: name a token with --token-file, or who signs the certificates of clients with --tls-ca, or listen on 127.0.0.1",
			ErrExposed, c.Listen)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	return o, nil
}

func (c ServerConfig) addTLS(o *server.Options) (err error) {
	switch {
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("a certificate and its key go together: name both, or neither")
	case c.Cert == "" && c.CA != "":
		return errors.New("certificates of clients need TLS: name the server's own with --tls-cert and --tls-key")
	case c.Cert == "":
		return nil
	}
	o.TLSConfig, err = server.GenTLSConfig(&server.TLSConfigOpts{CertFile: c.Cert, KeyFile: c.Key,
		CaFile: c.CA, Verify: c.CA != ""})
	o.TLS, o.TLSVerify, o.TLSTimeout = true, c.CA != "", dialTimeout.Seconds()
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w: name a certificate and its own key, both PEM",
			c.Cert, c.Key, err)
	}
	return nil
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("address %.100q: expected HOST:PORT, such as 127.0.0.1:4222",
			address)
	}
	return host, port, nil
}

// loopback says whether nothing outside of this machine reaches a host.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serverLog passes on what a server warns of.
type serverLog struct {
	mu     sync.Mutex
	say    func(string) // once it has started: until then its error says all
	failed bool         // it cannot start
	last   []string     // lines, which are not said again
}

// keptLines are how many lines are remembered: a server on a full disk has few, again and again.
const keptLines = 8

// ready waits until a server has started. One that says that it cannot is not waited for.
func (l *serverLog) ready(s *server.Server) bool {
	for end := time.Now().Add(startTimeout); time.Now().Before(end); {
		if s.ReadyForConnections(100 * time.Millisecond) {
			return true
		}
		l.mu.Lock()
		failed := l.failed
		l.mu.Unlock()
		if failed {
			return false
		}
	}
	return false
}

// pass has lines told from now on, and those that are there.
func (l *serverLog) pass(say func(string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.say = say; say != nil {
		for _, text := range l.last {
			say(text)
		}
	}
}

func (l *serverLog) why() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == 0 {
		return ""
	}
	return ": " + l.last[len(l.last)-1]
}

func (l *serverLog) line(fatal bool, format string, v ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, v...)), " ")
	if strings.Contains(text, syscall.ENOSPC.Error()) {
		text += ": free some, and start tailor serve again with the same --store"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = l.failed || fatal
	if slices.Contains(l.last, text) {
		return
	}
	l.last = append(l.last[max(0, len(l.last)+1-keptLines):], text)
	if l.say != nil {
		l.say(text)
	}
}

func (l *serverLog) Noticef(string, ...any)         {}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
func (l *serverLog) Warnf(format string, v ...any)  { l.line(false, format, v...) }
func (l *serverLog) Errorf(format string, v ...any) { l.line(false, format, v...) }
func (l *serverLog) Fatalf(format string, v ...any) { l.line(true, format, v...) }
