// Package fleet is devices elsewhere: what their addresses mean, and how a tailor-agent comes
// there.
package fleet

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/runtime/link"
)

// Options say how an agent comes to a device.
type Options struct {
	// Agent is the program's file for the device; empty to look for one or build it.
	Agent string
	Keep  bool // leave it there for the next time
	// Runtime is what it is wanted for: "native" takes a static program that has nothing else.
	Runtime string
	// Say, if set, is told of what takes time.
	Say func(text string)
}

// What addresses begin with.
const (
	sshPrefix  = "ssh://"
	execPrefix = "exec:"
)

// AddressError is returned for an address that is none.
type AddressError struct{ Address, Reason string }

func (e *AddressError) Error() string {
	return fmt.Sprintf("%q is no address of a device: %s; expected ssh://user@host[:port] or "+
		"exec:COMMAND", e.Address, e.Reason)
}

// Open gives what starts agents on the device of an address.
func Open(address string, o Options) (link.Dialer, error) {
	if line, ok := strings.CutPrefix(address, execPrefix); ok {
		if strings.TrimSpace(line) == "" {
			return nil, &AddressError{address, "it has no command"}
		}
		if o.Agent != "" || o.Keep {
			return nil, &AddressError{address, "the command starts an agent that is there already, " +
				"so that --agent and --keep-agent say nothing"}
		}
		return link.Shell(line), nil
	}
	h, err := parseSSH(address)
	if err != nil {
		return nil, err
	}
	return &sshDialer{host: h, options: o}, nil
}

// host is where an ssh server is, and as whom.
type host struct{ user, address string } // address is host:port

// String is the address that it was read from.
func (h host) String() string { return sshPrefix + h.user + "@" + h.address }

// parseSSH reads an address. Whatever is beyond user, host and port is refused.
func parseSSH(address string) (host, error) {
	bad := func(reason string) (host, error) { return host{}, &AddressError{address, reason} }
	if !strings.HasPrefix(address, sshPrefix) {
		return bad("it begins with neither ssh:// nor exec:")
	}
	u, err := url.Parse(address)
	if err != nil {
		return bad("it is no URL")
	}
	_, secret := u.User.Password()
	switch {
	case secret:
		return bad("it has a password: keys are taken from ssh-agent and ~/.ssh")
	case u.User.Username() == "" || u.Hostname() == "":
		return bad("user or host are missing")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return bad("something follows the host and port")
	}
	port := cmp.Or(u.Port(), "22")
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return bad("the port is " + port + ", expected 1 to 65535")
	}
	return host{u.User.Username(), net.JoinHostPort(u.Hostname(), port)}, nil
}
