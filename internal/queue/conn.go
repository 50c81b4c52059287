package queue

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// DefaultLease is after what time without a word from a worker its jobs go to others.
const DefaultLease = 15 * time.Second

// ErrRefused is wrapped by errors about a server that wants other credentials.
var ErrRefused = errors.New("the queue refuses these credentials")

// Access is how a server is reached.
type Access struct {
	URL       string // nats://host:port or tls://host:port, several with commas between them
	TokenFile string // a file with the server's token
	Creds     string // NATS's own: a user's JWT and seed
	CA        string // certificates, PEM, of who signed the server's
	Cert, Key string // this client's certificate and its key, PEM
}

// Options say more of a connection.
type Options struct {
	Access
	Name  string        // of this program, as the server's own tools show it
	Lease time.Duration // default DefaultLease; all of a queue should have the same
	// Say, if set, is told in a line what becomes of the connection.
	Say func(text string)
}

// Conn is a connection to a queue. It is safe for concurrent use.
type Conn struct {
	url     string // as it may be shown
	lease   time.Duration
	say     func(text string)
	nc      *nats.Conn
	js      jetstream.JetStream
	jobs    jetstream.Stream
	results jetstream.Stream
	files   jetstream.ObjectStore
	workers jetstream.KeyValue
	passed  jetstream.KeyValue
	closed  chan struct{} // when it is closed, by either side

	mu   sync.Mutex
	told string // the last line
}

// dialTimeout is how long a server may take to answer.
const dialTimeout = 10 * time.Second

// Dial connects to a queue, and makes on its server what a queue has. Later losses of the
// connection mend themselves.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	c := &Conn{url: shownURL(o.URL), lease: o.Lease, say: o.Say, closed: make(chan struct{})}
	if c.lease == 0 {
		c.lease = DefaultLease
	}
	if c.say == nil {
		c.say = func(string) {}
	}
	settings, err := o.settings(c)
	if err == nil {
		err = checkURL(o.URL)
	}
	if err != nil {
		return nil, fmt.Errorf("queue %s: %w", c.url, err)
	}
	if c.nc, err = nats.Connect(o.URL, settings...); err != nil {
		return nil, fmt.Errorf("queue %s: %w", c.url, explain(err))
	}
	if c.js, err = jetstream.New(c.nc); err != nil {
		c.Close()
		return nil, fmt.Errorf("queue %s: %w", c.url, err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := c.prepare(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() { c.nc.Close() }

// tell says a line, but not the same twice in a row.
func (c *Conn) tell(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text != c.told {
		c.told = text
		c.say(text)
	}
}

// settings are those of the client.
func (o Options) settings(c *Conn) ([]nats.Option, error) {
	all := []nats.Option{
		nats.Name(o.Name), nats.Timeout(dialTimeout), nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				c.tell(fmt.Sprintf("the connection to %s is lost (%v); it is tried again", c.url,
					err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { c.tell("connected to " + c.url + " again") }),
		nats.ClosedHandler(func(*nats.Conn) { close(c.closed) }),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // who asked is told
	}
	if o.TokenFile != "" {
		token, err := readToken(o.TokenFile)
		if err != nil {
			return nil, err
		}
		all = append(all, nats.Token(token))
	}
	if o.Creds != "" {
		if err := readable(o.Creds); err != nil {
			return nil, fmt.Errorf("read the credentials of --creds: %w", err)
		}
		all = append(all, nats.UserCredentials(o.Creds))
	}
	if o.CA != "" {
		all = append(all, nats.RootCAs(o.CA))
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, errors.New("a certificate and its key go together: name both, or neither")
	}
	if o.Cert != "" {
		all = append(all, nats.ClientCert(o.Cert, o.Key))
	}
	return all, nil
}

// minToken is how many bytes a token has at least: it is what keeps others out.
const minToken = 16

// readToken reads the token of a file.
func readToken(path string) (string, error) {
	if err := readable(path); err != nil {
		return "", fmt.Errorf("read the token: %w: make one with openssl rand -hex 32 > FILE", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || strings.ContainsAny(token, " \t\r\n") ||
		strings.HasPrefix(token, "$") {
		return "", fmt.Errorf("the token in %s must be one word of %d characters or more that does not begin with $: make one with openssl rand -hex 32 > FILE", path, minToken)
	}
	return token, nil
}

// readable refuses files that are no small ones.
func readable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxMessage {
		return fmt.Errorf("%s is not a regular file of %d bytes at most", path, maxMessage)
	}
	return nil
}

// ErrClosed is wrapped by errors about a connection that is closed for good.
var ErrClosed = errors.New("the connection is closed")

func (c *Conn) whyClosed() error {
	err := c.nc.LastError()
	if err == nil {
		return fmt.Errorf("queue %s: %w", c.url, ErrClosed)
	}
	return fmt.Errorf("queue %s: %w: %w", c.url, ErrClosed, explain(err))
}

// explain says what to do about an error of connecting.
func explain(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired),
		errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("%w (%w): give those of the server with --token-file, --creds, or --tls-cert and --tls-key",
			ErrRefused, err)
	case errors.Is(err, nats.ErrNoServers):
		return fmt.Errorf("%w: is tailor serve running there, and is the address right?", err)
	case errors.Is(err, nats.ErrNoInfoReceived), errors.As(err, new(*json.SyntaxError)),
		errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: what answers there is no NATS server: is the address that of tailor serve?",
			err)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("%w: the server has no TLS: give it --tls-cert and --tls-key, or write nats:// in the place of tls:// and leave out --tls-ca and --tls-cert",
			err)
	case errors.Is(err, nats.ErrSecureConnRequired):
		return fmt.Errorf("%w: the server wants TLS: write tls:// in the place of nats://, and who signed its certificate with --tls-ca",
			err)
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return fmt.Errorf("%w: name the certificate of who signed the server's with --tls-ca", err)
	case errors.As(err, new(x509.HostnameError)):
		return fmt.Errorf("%w: use an address that the server's certificate is for, or have it made for this one (openssl: -addext subjectAltName=IP:...)",
			err)
	case strings.Contains(err.Error(), "closed by remote after TLS handshake"):
		// Whether its reason arrives before it closes the connection is chance.
		return fmt.Errorf("%w: the server may ask for a certificate: name one that it accepts with --tls-cert and --tls-key",
			err)
	case strings.Contains(err.Error(), "remote error: tls: ") &&
		strings.Contains(err.Error(), "certificate"):
		return fmt.Errorf("%w (%w): name a certificate that the server accepts with --tls-cert and --tls-key",
			ErrRefused, err)
	}
	return err
}

// ErrAddress is wrapped by errors about what is no address of a queue.
var ErrAddress = errors.New("it is no address of a queue")

// checkURL refuses what is no address of a queue. Its errors show no passwords.
func checkURL(all string) error {
	for one := range strings.SplitSeq(all, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		u, err := url.Parse(one)
		var syntax *url.Error
		switch {
		case errors.As(err, &syntax):
			return fmt.Errorf("%w, %w: expected nats://HOST:PORT or tls://HOST:PORT", ErrAddress,
				syntax.Err)
		case err != nil, u.Hostname() == "", u.Scheme != "nats" && u.Scheme != "tls":
			return fmt.Errorf("%w: expected nats://HOST:PORT or tls://HOST:PORT", ErrAddress)
		}
	}
	return nil
}

// shownURL is an address without passwords.
func shownURL(all string) string {
	var shown []string
	for one := range strings.SplitSeq(all, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" { // host:port, or nonsense
			shown = append(shown, one[strings.LastIndexByte(one, '@')+1:])
			continue
		}
		u.User = nil
		shown = append(shown, u.String())
	}
	return strings.Join(shown, ",")
}
