package queue

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
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
	// Secure says that it has TLS, without which tokens and weights can be read on their way.
	Secure bool
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
	lines := &serverLog{say: c.Say}
	s.SetLogger(lines, false, false)
	s.Start()
	if !s.ReadyForConnections(startTimeout) || !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("serve: the server does not start on %s with files in %s%s",
			c.Listen, c.Dir, lines.why())
	}
	return &Server{server: s, Secure: o.TLSConfig != nil}, nil
}

// URL is where clients find it.
func (s *Server) URL() string {
	if s.Secure {
		return "tls://" + s.server.Addr().String()
	}
	return "nats://" + s.server.Addr().String()
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
	return err
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
	say func(string)

	mu   sync.Mutex
	last string
}

func (l *serverLog) why() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == "" {
		return ""
	}
	return ": " + l.last
}

func (l *serverLog) line(format string, v ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, v...)), " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = text
	if l.say != nil {
		l.say(text)
	}
}

func (l *serverLog) Noticef(string, ...any)         {}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
func (l *serverLog) Warnf(format string, v ...any)  { l.line(format, v...) }
func (l *serverLog) Errorf(format string, v ...any) { l.line(format, v...) }
func (l *serverLog) Fatalf(format string, v ...any) { l.line(format, v...) }
