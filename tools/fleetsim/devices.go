package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
)

// profiled is what became of a fleet of devices.
type profiled struct {
	jobs, messages int
	seconds        float64 // until the last result
	working        float64 // share of the devices' time in which they measure
	bytes          float64 // sent by the queue
	queue, link    float64 // shares of the time in which these are busy
}

// station serves one after the other: the queue's messages, or the bytes on its link.
type station struct{ free, busy float64 }

// take serves what arrives at a time, and says when it is done.
func (s *station) take(at, service float64) float64 {
	s.free = max(s.free, at) + service
	s.busy += service
	return s.free
}

// event is a device that is ready for its next job.
type event struct {
	at     float64
	device int
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(v any)        { *e = append(*e, v.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// profile simulates devices that ask for jobs, fetch the networks, measure them and answer, each
// its own jobs: a latency is of one device. The queue serves messages in turn, and its link sends
// files in turn. A device that goes away has its job again when it is back and the queue knows that
// the job was lost. Left out: lost packets, and phones that throttle (which the spread stands for).
func profile(p profiling, q queue, devices int, seed uint64) (r profiled) {
	rng := rand.New(rand.NewPCG(seed, uint64(devices)))
	var messages, wire station
	left := make([]int, devices) // jobs of each
	ready := make(events, devices)
	for d := range left {
		left[d] = p.Networks
		for range p.Networks {
			if rng.Float64() < p.Twice {
				left[d]++
			}
		}
		r.jobs += left[d]
		ready[d] = event{rng.Float64(), d} // they do not come in the same instant
	}
	heap.Init(&ready)
	measuring, present := 0.0, 0.0
	perMessage := 1 / q.MessagesPerSecond
	for ready.Len() > 0 {
		e := heap.Pop(&ready).(event)
		at := messages.take(e.at+p.LatencyS/2, float64(p.Messages)*perMessage)
		r.messages += p.Messages
		at = wire.take(at, 8*(p.FileBytes+p.JobBytes)/(q.LinkMbit*1e6))
		r.bytes += p.FileBytes + p.JobBytes
		// its own link is slower than the queue's, and has this file alone
		at += p.LatencyS/2 + 8*p.FileBytes/(p.LinkMbit*1e6)
		work := p.Seconds * math.Exp(p.Spread*rng.NormFloat64())
		if rng.Float64() < p.Lost {
			gone := at + work*rng.Float64()
			heap.Push(&ready, event{gone + max(p.AwayS, p.TakeoverS), e.device})
			continue
		}
		measuring += work
		at += work
		r.seconds = max(r.seconds, at)
		if left[e.device]--; left[e.device] > 0 {
			heap.Push(&ready, event{at, e.device})
		} else {
			present += at
		}
	}
	r.working = measuring / present
	r.queue, r.link = messages.busy/r.seconds, wire.busy/r.seconds
	return r
}
