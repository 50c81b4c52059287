package queue

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const token = "0123456789abcdef0123456789abcdef"

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestToken: a server with a token refuses who has none, or another.
func TestToken(t *testing.T) {
	s, err := Serve(ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir(),
		TokenFile: write(t, "token", token+"\n")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, a := range []Access{{}, {TokenFile: write(t, "other", strings.Repeat("x", 32))}} {
		a.URL = s.URL()
		if _, err := Dial(t.Context(), Options{Access: a}); !errors.Is(err, ErrRefused) {
			t.Errorf("%+v: %v, want ErrRefused", a, err)
		}
	}
	c, err := Dial(t.Context(), Options{Access: Access{URL: s.URL(),
		TokenFile: write(t, "token", token)}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// TestExposed: a server that others reach wants credentials, and weak ones are none.
func TestExposed(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:4222"} {
		_, err := Serve(ServerConfig{Listen: listen, Dir: t.TempDir()})
		if !errors.Is(err, ErrExposed) {
			t.Errorf("%s: %v, want ErrExposed", listen, err)
		}
	}
	for _, c := range []ServerConfig{
		{Listen: "127.0.0.1"}, {Listen: "127.0.0.1:x"}, {Listen: "127.0.0.1:70000"},
		{Listen: "0.0.0.0:0", TokenFile: write(t, "short", "secret")},
		{Listen: "0.0.0.0:0", TokenFile: write(t, "two", token+" "+token)},
		{Listen: "0.0.0.0:0", TokenFile: filepath.Join(t.TempDir(), "none")},
		{Listen: "127.0.0.1:0", Cert: "cert.pem"}, {Listen: "0.0.0.0:0", CA: "ca.pem"},
	} {
		c.Dir = t.TempDir()
		if s, err := Serve(c); err == nil {
			s.Close()
			t.Errorf("%+v serves", c)
		}
	}
}

// authority signs certificates of a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, cert: &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true,
		Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true}}
	a.file, _, a.key = a.sign(a.cert)
	return a
}

// sign gives the files of a certificate and its key.
func (a *authority) sign(cert *x509.Certificate) (certFile, keyFile string, key *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	text := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return write(a.t, "cert.pem", text("CERTIFICATE", der)),
		write(a.t, "key.pem", text("EC PRIVATE KEY", secret)), key
}

func (a *authority) issue(serial int64) (certFile, keyFile string) {
	certFile, keyFile, _ = a.sign(&x509.Certificate{SerialNumber: big.NewInt(serial),
		Subject: pkix.Name{CommonName: "one"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}})
	return certFile, keyFile
}

// TestCertificates: with TLS, a client without a certificate, or with one that somebody else
// signed, is refused, and refuses a server that somebody else signed.
func TestCertificates(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	cert, key := ours.issue(2)
	s, err := Serve(ServerConfig{Listen: "127.0.0.1:0", Dir: t.TempDir(), Cert: cert, Key: key,
		CA: ours.file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.Secure || !strings.HasPrefix(s.URL(), "tls://") {
		t.Errorf("secure %v at %s", s.Secure, s.URL())
	}
	clientCert, clientKey := ours.issue(3)
	c, err := Dial(t.Context(), Options{Access: Access{URL: s.URL(), CA: ours.file,
		Cert: clientCert, Key: clientKey}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	foreignCert, foreignKey := others.issue(4)
	help := map[string]string{
		"no certificate":  "--tls-cert and --tls-key",
		"foreign client":  "--tls-cert and --tls-key",
		"foreign server":  "with --tls-ca",
		"half a pair":     "name both",
		"system's":        "with --tls-ca",
		"creds that miss": "--creds",
	}
	for name, a := range map[string]Access{
		"no certificate":  {CA: ours.file},
		"foreign client":  {CA: ours.file, Cert: foreignCert, Key: foreignKey},
		"foreign server":  {CA: others.file, Cert: clientCert, Key: clientKey},
		"half a pair":     {CA: ours.file, Cert: clientCert},
		"system's":        {Cert: clientCert, Key: clientKey},
		"without TLS":     {URL: strings.Replace(s.URL(), "tls", "nats", 1)},
		"creds that miss": {CA: ours.file, Creds: filepath.Join(t.TempDir(), "none")},
	} {
		if a.URL == "" {
			a.URL = s.URL()
		}
		c, err := Dial(t.Context(), Options{Access: a})
		if err == nil {
			c.Close()
			t.Errorf("%s: it is let in", name)
			continue
		}
		// Which error a refused handshake is, is chance; what to do is the same.
		if want := help[name]; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", name, err, want)
		}
	}
}

// TestReadable: only what others reach without TLS is warned of.
func TestReadable(t *testing.T) {
	token := write(t, "token", strings.Repeat("a", minToken))
	cert, key := newAuthority(t).issue(2)
	for _, test := range []struct {
		config ServerConfig
		want   bool
	}{
		{ServerConfig{Listen: "127.0.0.1:0", TokenFile: token}, false},
		{ServerConfig{Listen: "0.0.0.0:0", TokenFile: token}, true},
		{ServerConfig{Listen: "0.0.0.0:0", TokenFile: token, Cert: cert, Key: key}, false},
	} {
		test.config.Dir = t.TempDir()
		s, err := Serve(test.config)
		if err != nil {
			t.Fatal(err)
		}
		url := s.URL()
		s.Close()
		if s.Readable != test.want {
			t.Errorf("%+v: readable %v", test.config, s.Readable)
		}
		// Nobody on another machine finds it at 0.0.0.0.
		if strings.Contains(url, "0.0.0.0") || strings.Contains(url, "[::]") {
			t.Errorf("%+v is said to be at %s", test.config, url)
		}
	}
}

// TestShownURL: errors show no passwords.
func TestShownURL(t *testing.T) {
	for url, want := range map[string]string{
		"nats://me:secret@host:4222":              "nats://host:4222",
		"tls://secret@one,nats://me:secret@two:1": "tls://one,nats://two:1",
		"me:secret@host:4222":                     "host:4222",
		"127.0.0.1:4222":                          "127.0.0.1:4222",
	} {
		if got := shownURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
	_, err := Dial(t.Context(), Options{Access: Access{URL: "nats://me:secret@127.0.0.1:1"}})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
