package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// What connecting may take, first to the host, then until both sides believe each other.
const (
	dialTime      = 15 * time.Second
	handshakeTime = 30 * time.Second
)

var (
	// ErrUnknownHost says that nobody has said yet which key the device has.
	ErrUnknownHost = errors.New("the device's host key is not known")
	// ErrChangedHost says that the device has another key than it had.
	ErrChangedHost = errors.New("the device's host key has changed")
	// ErrNoKeys says that there is nothing to prove with who we are.
	ErrNoKeys = errors.New("there are no keys to log in with")
)

// connect logs in.
func connect(ctx context.Context, h host) (*ssh.Client, error) {
	folder, err := sshFolder()
	if err != nil {
		return nil, err
	}
	known, err := readKnown(folder, h)
	if err != nil {
		return nil, err
	}
	keys, done, err := readKeys(folder)
	if err != nil {
		return nil, err
	}
	defer done()
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(ctx, "tcp", h.address)
	if err != nil {
		return nil, fmt.Errorf("%w: is the device on, has it an ssh server, and is the address right?",
			err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(handshakeTime))
	c, channels, requests, err := ssh.NewClientConn(conn, h.address, &ssh.ClientConfig{
		User: h.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(keys...)},
		HostKeyCallback: known.check, HostKeyAlgorithms: known.algorithms,
	})
	if err != nil {
		_ = conn.Close() // the first error says more
		return nil, explain(h, known, err)
	}
	_ = conn.SetDeadline(time.Time{})
	return ssh.NewClient(c, channels, requests), ctx.Err()
}

// sshFolder is where keys and known hosts are.
func sshFolder() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("look for keys: %w", err)
	}
	return filepath.Join(home, ".ssh"), nil
}

// knownHosts are the keys that a device may have.
type knownHosts struct {
	check      ssh.HostKeyCallback
	algorithms []string // in which its key is known; none if it is not
	file       string   // that a key can be added to
}

// readKnown reads the user's and the system's files of known hosts.
func readKnown(folder string, h host) (knownHosts, error) {
	k := knownHosts{file: filepath.Join(folder, "known_hosts")}
	var files []string
	for _, file := range []string{k.file, "/etc/ssh/ssh_known_hosts"} {
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	var err error
	if k.check, err = knownhosts.New(files...); err != nil {
		return k, fmt.Errorf("known hosts: %w", err)
	}
	k.algorithms = k.known(h)
	return k, nil
}

// known lists the algorithms of the keys that are known of a host. A server is asked for one of
// these: it has several keys, and with another would look like a stranger.
func (k knownHosts) known(h host) (all []string) {
	var unknown *knownhosts.KeyError
	if err := k.check(h.address, &net.TCPAddr{}, noKey{}); !errors.As(err, &unknown) {
		return nil
	}
	for _, one := range unknown.Want {
		switch t := one.Key.Type(); t {
		case ssh.KeyAlgoRSA:
			all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			all = append(all, t)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// noKey is a key that no host has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("it signs nothing") }

// explain says what to do about a handshake that failed.
func explain(h host, k knownHosts, err error) error {
	var key *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	name, port, _ := net.SplitHostPort(h.address)
	switch {
	case errors.As(err, &revoked):
		return fmt.Errorf("%w: it is marked as revoked in %s line %d: %w", ErrChangedHost,
			revoked.Revoked.Filename, revoked.Revoked.Line, err)
	case errors.As(err, &key) && len(key.Want) == 0:
		return fmt.Errorf("%w: connect once with ssh -p %s %s@%s and compare the fingerprint, or "+
			"add it with ssh-keyscan -p %s %s >> %s: %w", ErrUnknownHost, port, h.user, name, port,
			name, k.file, err)
	case errors.As(err, &key), k.algorithms != nil && strings.Contains(err.Error(), "no common "+
		"algorithm for host key"):
		return fmt.Errorf("%w: somebody may be in between. Only if you know why it changed, "+
			"forget the old one with ssh-keygen -R %q, and connect once with ssh: %w",
			ErrChangedHost, knownhosts.Normalize(h.address), err)
	}
	return err
}

// keyFiles are those that ssh makes, the best first.
var keyFiles = []string{"id_ed25519", "id_ecdsa", "id_rsa"}

// readKeys gives the keys of ssh-agent, and of the files that need no passphrase. Done ends what
// they need.
func readKeys(folder string) (keys []ssh.Signer, done func(), err error) {
	done = func() {}
	var tried []string
	if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" {
		conn, err := net.DialTimeout("unix", socket, dialTime)
		if err == nil {
			done = func() { _ = conn.Close() }
			_ = conn.SetDeadline(time.Now().Add(handshakeTime))
			keys, err = agent.NewClient(conn).Signers()
		}
		if err != nil {
			tried = append(tried, fmt.Sprintf("ssh-agent: %v", err))
		}
	} else {
		tried = append(tried, "ssh-agent: SSH_AUTH_SOCK is not set")
	}
	for _, name := range keyFiles {
		key, err := readKey(filepath.Join(folder, name))
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		done()
		return nil, nil, fmt.Errorf("%w: %s", ErrNoKeys, strings.Join(tried, "; "))
	}
	return keys, done, nil
}

func readKey(file string) (ssh.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("%s has a passphrase: add it to ssh-agent with ssh-add", file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}
