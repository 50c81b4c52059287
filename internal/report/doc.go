// Package report draws results. It reads what others found, and knows nothing of how.
package report
