package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/tailor-nas/tailor/internal/runtime/link"
)

// sshDialer starts agents on a device that has an ssh server.
type sshDialer struct {
	host    host
	options Options

	mu     sync.Mutex
	agents map[platform]*program // that were found or built, for when a connection is lost
}

// String names the device.
func (d *sshDialer) String() string { return d.host.String() }

// Dial connects, puts the agent there, and starts it.
func (d *sshDialer) Dial(ctx context.Context) (link.Link, error) {
	client, err := connect(ctx, d.host)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.host, err)
	}
	l, err := d.start(ctx, client)
	if err != nil {
		_ = client.Close() // the first error says more
		return nil, fmt.Errorf("%s: %w", d.host, err)
	}
	return l, nil
}

func (d *sshDialer) start(ctx context.Context, client *ssh.Client) (link.Link, error) {
	out, err := command(ctx, client, "uname -sm", nil)
	if err != nil {
		return nil, fmt.Errorf("ask which system it is: %w", err)
	}
	p, err := parsePlatform(out)
	if err != nil {
		return nil, err
	}
	agent, err := d.agent(ctx, p)
	if err != nil {
		return nil, err
	}
	place := placeOf(agent, d.options.Keep)
	if err := place.upload(ctx, client, agent, d.options.say); err != nil {
		return nil, fmt.Errorf("put tailor-agent there: %w", err)
	}
	return run(ctx, client, place.start())
}

// agent is the program for a platform.
func (d *sshDialer) agent(ctx context.Context, p platform) (*program, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if found := d.agents[p]; found != nil {
		return found, nil
	}
	found, err := d.options.program(ctx, p)
	if err != nil {
		return nil, err
	}
	if d.agents == nil {
		d.agents = map[platform]*program{}
	}
	d.agents[p] = found
	return found, nil
}

// place is where an agent lies on a device, in the words of a shell there.
type place struct {
	folder, file string
	kept         bool
}

// placeOf is the place of an agent: a file that is called by what is in it, or one for this
// connection alone.
func placeOf(a *program, keep bool) place {
	if keep {
		return place{"$HOME/.cache/tailor", "$HOME/.cache/tailor/agent-" + a.sha256[:32], true}
	}
	return place{"$HOME", "$HOME/.tailor-agent-" + rand.Text(), false}
}

// upload puts the agent there, unless it is there.
func (p place) upload(ctx context.Context, client *ssh.Client, a *program,
	say func(format string, args ...any)) error {
	if p.kept {
		out, err := command(ctx, client, shell(fmt.Sprintf(
			`[ -x "%[1]s" ] && { sha256sum "%[1]s" || shasum -a 256 "%[1]s"; } 2>/dev/null; true`,
			p.file)), nil)
		if err != nil {
			return err
		}
		if strings.HasPrefix(out, a.sha256) {
			return nil
		}
	}
	say("putting tailor-agent on the device, %.1f MB", float64(len(a.data))/1e6)
	_, err := command(ctx, client, uploadCommand(p, len(a.data)), a.data)
	return err
}

// uploadCommand takes a program of so many bytes from its input. It gets its name once it is whole.
func uploadCommand(p place, bytes int) string {
	return shell(fmt.Sprintf(
		`mkdir -p "%[1]s" && t="%[2]s.$$" && trap "rm -f \"$t\"" EXIT && cat > "$t" && `+
			`[ $(wc -c < "$t") -eq %[3]d ] && chmod 700 "$t" && mv -f "$t" "%[2]s"`,
		p.folder, p.file, bytes))
}

// start is the command that starts the agent.
func (p place) start() string {
	if p.kept {
		return shell(fmt.Sprintf(`exec "%s"`, p.file))
	}
	return shell(fmt.Sprintf(`exec "%s" --remove`, p.file))
}

// shell is a command for sh, whatever the user's own shell is. The script has no single quotes.
func shell(script string) string { return "sh -c '" + script + "'" }

// What a command that answers at once may take, and the least that is sent a second.
const (
	commandTime = 30 * time.Second
	sendRate    = 50_000 // bytes
	maxOutput   = 1 << 12
)

// command runs a command with an input, and gives the beginning of what it writes in one line.
func command(ctx context.Context, client *ssh.Client, line string, input []byte) (string, error) {
	ctx, done := within(ctx, client, commandTime+time.Duration(len(input))*time.Second/sendRate)
	defer done()
	session, err := client.NewSession()
	if err != nil {
		return "", reason(ctx, err)
	}
	defer session.Close()
	var out, complaints limited
	session.Stdout, session.Stderr = &out, &complaints
	session.Stdin = bytes.NewReader(input)
	if err := session.Run(line); err != nil || ctx.Err() != nil {
		return "", reason(ctx, fmt.Errorf("%w %s", err, complaints.String()))
	}
	return out.String(), nil
}

// within closes the connection unless done is called in time: a server may answer no more.
func within(ctx context.Context, client *ssh.Client, limit time.Duration) (_ context.Context,
	done func()) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took more than %v", limit))
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	return ctx, func() {
		stop()
		cancel()
	}
}

// reason is why ctx ended, if it did, else an error.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// limited keeps the beginning of what is written to it.
type limited struct {
	mu   sync.Mutex
	text []byte
}

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p[:min(len(p), maxOutput-len(l.text))]...)
	return len(p), nil
}

// String gives it in one line.
func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(l.text), "?")), " ")
}

// run starts an agent.
func run(ctx context.Context, client *ssh.Client, line string) (link.Link, error) {
	ctx, done := within(ctx, client, commandTime)
	defer done()
	session, err := client.NewSession()
	if err != nil {
		return nil, reason(ctx, err)
	}
	l := &sshLink{client: client, session: session}
	session.Stderr = &l.stderr
	if l.in, err = session.StdinPipe(); err != nil {
		return nil, err
	}
	if l.Reader, err = session.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := session.Start(line); err != nil {
		return nil, fmt.Errorf("start tailor-agent: %w", reason(ctx, err))
	}
	return l, nil
}

// sshLink is an agent in a session of its own connection.
type sshLink struct {
	io.Reader
	client  *ssh.Client
	session *ssh.Session
	in      io.WriteCloser
	stderr  link.Tail
}

func (l *sshLink) Write(p []byte) (int, error) { return l.in.Write(p) }

func (l *sshLink) Finish() error { return l.in.Close() }

// Kill closes the connection: the agent reads the end of its input.
func (l *sshLink) Kill() { _ = l.client.Close() }

func (l *sshLink) Wait() error {
	err := l.session.Wait()
	_ = l.client.Close() // it may be closed
	return err
}

func (l *sshLink) Stderr() string { return l.stderr.String() }
