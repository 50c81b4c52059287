package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Version is of all messages, and of what the jobs and results in them say. It is in the names of
// what a queue has on its server, so that old and new programs neither see nor do each other's
// jobs.
const Version = "4"

// What a queue has on its server. Files are the same for all versions: each is its SHA-256.
const (
	jobStream    = "tailor-jobs-" + Version
	resultStream = "tailor-results-" + Version
	filesBucket  = "tailor-files-1"
	workerBucket = "tailor-workers-" + Version
	passedBucket = "tailor-passed-" + Version

	jobPrefix    = "tailor." + Version + ".job."
	resultPrefix = "tailor." + Version + ".result."

	// keep is how long jobs that nobody does and results that nobody fetches stay, and keepFiles
	// how long files do.
	keep      = 7 * 24 * time.Hour
	keepFiles = 30 * 24 * time.Hour
)

func jobsOf(kind, class string) string { return jobPrefix + kind + "." + class }

// resultOf is where the result of a job is; id may be "*".
func resultOf(protocol, id string) string { return resultPrefix + protocol + "." + id }

// prepare makes what a queue has, where it is not there yet.
func (c *Conn) prepare(ctx context.Context) error {
	if err := c.prepareAll(ctx); err != nil {
		if errors.Is(err, jetstream.ErrJetStreamNotEnabled) ||
			errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) ||
			errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: tailor needs a NATS server with JetStream, as tailor serve is (nats-server -js)", err)
		}
		return fmt.Errorf("queue %s: %w", c.url, err)
	}
	return nil
}

func (c *Conn) prepareAll(ctx context.Context) (err error) {
	c.jobs, err = c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: jobStream,
		Description: "measurements that tailor is asked for", Subjects: []string{jobPrefix + ">"},
		Retention: jetstream.WorkQueuePolicy, MaxAge: keep, MaxMsgSize: maxMessage})
	if err != nil {
		return fmt.Errorf("stream of jobs: %w", err)
	}
	c.results, err = c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: resultStream,
		Description: "what tailor's workers measured", Subjects: []string{resultPrefix + ">"},
		MaxAge: keep, MaxMsgSize: maxMessage})
	if err != nil {
		return fmt.Errorf("stream of results: %w", err)
	}
	c.files, err = c.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{
		Bucket: filesBucket, Description: "weights and images of tailor's jobs", TTL: keepFiles})
	if err != nil {
		return fmt.Errorf("store of files: %w", err)
	}
	c.workers, err = c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: workerBucket, Description: "tailor's workers", TTL: c.lease,
		MaxValueSize: maxMessage})
	if err != nil {
		return fmt.Errorf("list of workers: %w", err)
	}
	c.passed, err = c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: passedBucket, Description: "how often tailor's jobs were handed back", TTL: keep,
		MaxValueSize: maxMessage})
	if err != nil {
		return fmt.Errorf("list of jobs that were handed back: %w", err)
	}
	return nil
}

// consumerOf is what hands the jobs of a kind and class to workers, one to each.
func (c *Conn) consumerOf(ctx context.Context, kind, class string) (jetstream.Consumer, error) {
	return c.jobs.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: kind + "-" + class, FilterSubject: jobsOf(kind, class),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.lease, MaxAckPending: 100_000,
	})
}

// Workers are those that were heard of within a lease.
func (c *Conn) Workers(ctx context.Context) (all []Live, err error) {
	keys, err := c.workers.Keys(ctx)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("queue %s: list workers: %w", c.url, err)
	}
	for _, k := range keys {
		e, err := c.workers.Get(ctx, k)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue // it ended meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("queue %s: list workers: %w", c.url, err)
		}
		l, err := parseLive(e.Value())
		if err != nil || l.Worker != k {
			continue // nobody's
		}
		all = append(all, l)
	}
	return all, nil
}

// Backlog is how many jobs of a kind and class there are.
type Backlog struct {
	Kind    string `json:"kind"`
	Class   string `json:"class"`
	Waiting int    `json:"waiting"` // that no worker has begun
	Begun   int    `json:"begun"`   // in hand
}

// Backlogs are those of all kinds and classes that there are jobs of, or workers for.
func (c *Conn) Backlogs(ctx context.Context, workers []Live) (all []Backlog, err error) {
	info, err := c.jobs.Info(ctx, jetstream.WithSubjectFilter(jobPrefix+">"))
	if err != nil {
		return nil, fmt.Errorf("queue %s: look at the jobs: %w", c.url, err)
	}
	subjects := map[string]bool{}
	for s := range info.State.Subjects {
		subjects[s] = true
	}
	for _, l := range workers {
		for _, class := range l.Classes {
			subjects[jobsOf(l.Kind, class)] = true
		}
	}
	for _, s := range slices.Sorted(maps.Keys(subjects)) {
		kind, class, _ := strings.Cut(strings.TrimPrefix(s, jobPrefix), ".")
		if !kindName.MatchString(kind) || !className.MatchString(class) {
			continue // nobody's
		}
		b := Backlog{Kind: kind, Class: class}
		if b.Waiting, b.Begun, err = c.Waiting(ctx, kind, class); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// Waiting is how many jobs of a kind and class no worker has begun, and how many are in hand.
func (c *Conn) Waiting(ctx context.Context, kind, class string) (waiting, begun int, err error) {
	cons, err := c.jobs.Consumer(ctx, kind+"-"+class)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		// No worker ever came: all that is there waits.
		info, err := c.jobs.Info(ctx, jetstream.WithSubjectFilter(jobsOf(kind, class)))
		if err != nil {
			return 0, 0, fmt.Errorf("queue %s: look at the jobs: %w", c.url, err)
		}
		return int(info.State.Subjects[jobsOf(kind, class)]), 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("queue %s: look at the jobs: %w", c.url, err)
	}
	info, err := cons.Info(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("queue %s: look at the jobs: %w", c.url, err)
	}
	return int(info.NumPending), info.NumAckPending, nil
}
