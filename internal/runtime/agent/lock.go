package agent

import (
	"bufio"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// lockVariable, added to the name of the lock, makes it another one: for devices that share a
// network, as tests do.
const lockVariable = "TAILOR_AGENT_LOCK"

// What a lock waits for who asks, and for one that gives way.
const (
	lockAsk   = 2 * time.Second
	lockWait  = 5 * time.Second
	lockPause = 10 * time.Millisecond
)

// maxName bounds the name of an owner.
const maxName = 200

// lock is an address of this device that one process can listen on: it ends with the process,
// however that ends, and leaves nothing behind. Whoever finds it taken asks there by whom.
type lock struct{ listener net.Listener }

// lockDevice takes the lock, also from an agent of the same tailor that has lost it.
func lockDevice(o protocol.Owner) (*lock, error) {
	network, address := lockAddress(os.Getenv(lockVariable))
	for end := time.Now().Add(lockWait); ; time.Sleep(lockPause) {
		listener, err := net.Listen(network, address)
		if err == nil {
			l := &lock{listener}
			go func() { _ = bug.Catch(func() error { return l.answer(o) }) }()
			return l, nil
		}
		name, own, silent := askOwner(network, address, o.Token)
		late := !time.Now().Before(end)
		switch {
		case silent != nil && late:
			return nil, fmt.Errorf("lock the device: %w; its owner does not answer: %w", err,
				silent)
		case silent == nil && (!own || late):
			return nil, &protocol.Error{Kind: protocol.Busy, Text: "it is measured by " + name +
				": wait until that is done"}
		}
	}
}

// answer tells who asks who the owner is. The owner itself asks when it has lost this agent, which
// then has no use.
func (l *lock) answer(o protocol.Owner) error {
	for {
		conn, err := l.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		own, _ := readLine(conn) // what does not say it is another
		same := subtle.ConstantTimeCompare([]byte(own), []byte(o.Token)) == 1
		_, _ = fmt.Fprintf(conn, "%t %s\n", same, oneLine(o.Name))
		_ = conn.Close()
		if same {
			os.Exit(exitLate)
		}
	}
}

// askOwner asks who has the lock, and says whether it is an agent of the same tailor, which ends
// then.
func askOwner(network, address, token string) (name string, own bool, err error) {
	conn, err := net.DialTimeout(network, address, lockAsk)
	if err != nil {
		return "", false, err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, token); err != nil {
		return "", false, err
	}
	line, err := readLine(conn)
	if err != nil {
		return "", false, err
	}
	same, name, ok := strings.Cut(line, " ")
	if !ok {
		return "", false, fmt.Errorf("%w: %q", protocol.ErrFormat, line)
	}
	return oneLine(name), same == "true", nil
}

// readLine reads a short line, soon.
func readLine(conn net.Conn) (string, error) {
	if err := conn.SetDeadline(time.Now().Add(lockAsk)); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, 2*maxName)).ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

// oneLine is a name of one line, no longer than a line can show.
func oneLine(name string) string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "?")), " ")
	return name[:min(len(name), maxName)]
}

// release ends the lock.
func (l *lock) release() {
	if l != nil {
		_ = l.listener.Close()
	}
}
