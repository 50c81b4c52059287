package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/store"
)

// accessFlags are how a queue lets this machine in.
type accessFlags struct {
	TokenFile string `help:"File with the token that the queue asks for." type:"path" with:"queue"`
	Creds     string `help:"NATS credentials of the queue: a user's JWT and seed." type:"path" with:"queue"`
	TLSCA     string `name:"tls-ca" help:"Certificates (PEM) that the queue's must be signed by; default the system's." type:"path" with:"queue"`
	TLSCert   string `name:"tls-cert" help:"Certificate (PEM) to show to the queue." type:"path" with:"queue"`
	TLSKey    string `name:"tls-key" help:"Its key (PEM)." type:"path" with:"queue"`
}

// dial connects to a queue.
func (f accessFlags) dial(ctx context.Context, g *Globals, url string) (*queue.Conn, error) {
	if err := paired(f.TLSCert, f.TLSKey); err != nil {
		return nil, err
	}
	conn, err := queue.Dial(ctx, queue.Options{
		Access: queue.Access{URL: url, TokenFile: f.TokenFile, Creds: f.Creds, CA: f.TLSCA,
			Cert: f.TLSCert, Key: f.TLSKey},
		Name: owner(), Say: func(text string) { g.say("%s", text) }})
	if errors.Is(err, queue.ErrAddress) {
		return nil, usagef("--queue: %w", err)
	}
	return conn, err
}

// paired refuses a certificate without its key, or a key without.
func paired(cert, key string) error {
	if (cert == "") != (key == "") {
		return usagef("--tls-cert and --tls-key go together: name both, or neither")
	}
	return nil
}

// queueFlags name machines elsewhere that measure.
type queueFlags struct {
	Queue string `help:"Have the machines of this queue measure (tailor serve, tailor work) in the place of this one: nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL" without:"measured"`
	accessFlags
}

// measurer connects to the queue, if one is named.
func (f queueFlags) measurer(ctx context.Context, g *Globals) (m meter.Elsewhere, done func(),
	err error) {
	if f.Queue == "" {
		return nil, func() {}, nil
	}
	conn, err := f.dial(ctx, g, f.Queue)
	if err != nil {
		return nil, nil, err
	}
	return &jobs.Asker{Queue: conn, Say: func(text string) { g.say("%s", text) }}, conn.Close, nil
}

type serveCmd struct {
	Listen    string `help:"Address to listen on. Others than this machine's own need credentials: --token-file or --tls-ca." default:"127.0.0.1:4222" placeholder:"HOST:PORT"`
	Dir       string `name:"store" help:"Folder of jobs, results, weights and images; default in the user's folder of caches." type:"path" out:"folder"`
	TokenFile string `help:"File with a token that workers and clients must have." type:"path"`
	TLSCert   string `name:"tls-cert" help:"Certificate (PEM) of the queue." type:"path"`
	TLSKey    string `name:"tls-key" help:"Its key (PEM)." type:"path"`
	TLSCA     string `name:"tls-ca" help:"Workers and clients must have a certificate that these (PEM) signed." type:"path"`
}

// serveResult is the JSON of serve, printed when it ends.
type serveResult struct {
	URL   string `json:"url"`
	Store string `json:"store"`
}

// Run serves until it is interrupted, which is its end and no error.
func (c *serveCmd) Run(ctx context.Context, g *Globals) error {
	if err := paired(c.TLSCert, c.TLSKey); err != nil {
		return err
	}
	dir, err := cacheFolder(c.Dir, "queue")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := store.LockDir(dir, "tailor serve")
	if err != nil {
		return err
	}
	defer lock.Unlock()
	s, err := queue.Serve(queue.ServerConfig{Listen: c.Listen, Dir: dir, TokenFile: c.TokenFile,
		Cert: c.TLSCert, Key: c.TLSKey, CA: c.TLSCA,
		Say: func(text string) { g.say("%s", text) }})
	if err != nil {
		return err
	}
	defer s.Close()
	g.say("the queue is at %s, its files in %s", s.URL(), dir)
	if s.Readable {
		g.say("without --tls-cert, the token, weights and images can be read on their way")
	}
	<-ctx.Done()
	return g.result(serveResult{s.URL(), dir}, func(io.Writer) {})
}

type workCmd struct {
	Queue string `required:"" help:"The queue to work for: nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL"`
	accessFlags
	lentFlags
	Name  string `help:"Name of this worker, of letters, digits, - and _; default this machine's and a random number."`
	Cache string `help:"Folder that keeps weights and images which the queue sent; default in the user's folder of caches." type:"path"`
}

// workResult is the JSON of work, printed when it ends.
type workResult struct {
	Worker  string   `json:"worker"`
	Classes []string `json:"classes"`
	Cache   string   `json:"cache"`
}

// Run works until it is interrupted, which is its end and no error.
func (c *workCmd) Run(ctx context.Context, g *Globals) error {
	dir, err := cacheFolder(c.Cache, "work")
	if err != nil {
		return err
	}
	name := cmp.Or(c.Name, workerName())
	conn, err := c.dial(ctx, g, c.Queue)
	if err != nil {
		return err
	}
	defer conn.Close()
	if c.Device != "" {
		classes, err := c.lendDevice(ctx, g, conn, name, dir)
		if err != nil {
			return err
		}
		return g.result(workResult{name, classes, dir}, func(io.Writer) {})
	}
	say := func(text string) { g.say("%s", text) }
	g.say("%s measures for the queue, as a machine of class %s", name, jobs.Class())
	l := jobs.Lender{Queue: conn, Name: name, Dir: dir, Workers: g.Workers, Say: say}
	if err := l.Work(ctx); err != nil {
		return err
	}
	return g.result(workResult{name, []string{jobs.Class()}, dir}, func(io.Writer) {})
}

// workerName is one that no other worker has.
func workerName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "worker"
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // it never fails, and ends the program where it would
	return fmt.Sprintf("%.80s-%s", strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, host), hex.EncodeToString(random[:]))
}

// cacheFolder is the folder that is named, or one of tailor's in the user's folder of caches.
func cacheFolder(named, name string) (string, error) {
	if named != "" {
		return named, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", usagef("there is no folder of caches (%w): name a folder", err)
	}
	return filepath.Join(dir, "tailor", name), nil
}
