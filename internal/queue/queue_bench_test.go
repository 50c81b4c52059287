package queue

import (
	"testing"
	"time"
)

// BenchmarkMeasure is what a job costs the queue: the work of jobs that only square a number is
// nothing. Server, worker and who asks are one process, which the time is of.
func BenchmarkMeasure(b *testing.B) {
	s := serve(b)
	works := dialFor(b, s, time.Minute)
	w := worker("one")
	w.AtOnce = 16
	startOn(b, works, w)
	asks := dialFor(b, s, time.Minute)
	before := []uint64{asks.nc.OutMsgs + works.nc.OutMsgs, asks.nc.InMsgs + works.nc.InMsgs,
		asks.nc.OutBytes + works.nc.OutBytes, asks.nc.InBytes + works.nc.InBytes}
	b.ResetTimer()
	if _, err := asks.Measure(b.Context(), numbers(b.N)); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	n := float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "jobs/s")
	b.ReportMetric(float64(asks.nc.OutMsgs+works.nc.OutMsgs-before[0])/n, "sent-messages/job")
	b.ReportMetric(float64(asks.nc.InMsgs+works.nc.InMsgs-before[1])/n, "received-messages/job")
	b.ReportMetric(float64(asks.nc.OutBytes+works.nc.OutBytes-before[2])/n, "sent-B/job")
	b.ReportMetric(float64(asks.nc.InBytes+works.nc.InBytes-before[3])/n, "received-B/job")
}
