// Package queue lends machines: somebody asks for measurements, workers make them, and a NATS
// server with JetStream between them keeps what is asked, what was measured, and the files that
// both need. It knows neither networks nor images: a [Job] is a value, what it measures is text,
// and what a measurement needs is a file that is known by its SHA-256.
//
// A queue has
//
//   - a stream of jobs, each of which one worker has at a time, and another one gets if the first
//     is not heard of for the time of a lease;
//   - a stream of results, the first of each job, which stay for a while;
//   - files, each sent once;
//   - who works, as long as it is heard of.
//
// [Serve] is a server in this process, [Dial] a client of it or of any other, [Conn.Work] a worker
// and [Conn.Measure] who asks. What comes from the other side is taken as hostile: texts have
// limits, files are hashed, and a part of all measurements is made twice.
package queue
