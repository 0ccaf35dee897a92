package simulate

import (
	"context"
	"sync"
	"time"
)

// A Clock says what time it is.
type Clock func() time.Time

// A Sleeper waits, until the time is over or the context ends.
type Sleeper func(context.Context, time.Duration) error

// RealSleep waits in real time.
func RealSleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// A Timeline is simulated time: it stands still until somebody waits or it is put forward. It may be used from many
// goroutines at once; those that wait at the same time wait one after the other.
type Timeline struct {
	mu  sync.Mutex
	now time.Time
}

// NewTimeline returns a Timeline that starts at a time.
func NewTimeline(start time.Time) *Timeline { return &Timeline{now: start} }

// Now returns the time. It is a [Clock].
func (t *Timeline) Now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// Advance puts the time forward. Time never goes back: d below zero does nothing.
func (t *Timeline) Advance(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d > 0 {
		t.now = t.now.Add(d)
	}
}

// Sleep puts the time forward and does not wait. It is a [Sleeper].
func (t *Timeline) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.Advance(d)
	return nil
}

// A ShiftedClock runs as the system's clock does, from another time on. It may be used from many goroutines at once.
type ShiftedClock struct {
	mu     sync.Mutex
	offset time.Duration
}

// NewShiftedClock returns a clock on which it is now a given time.
func NewShiftedClock(now time.Time) *ShiftedClock { return &ShiftedClock{offset: time.Until(now)} }

// Now returns the time. It is a [Clock].
func (c *ShiftedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Advance puts the clock forward, besides the time that passes. d below zero does nothing.
func (c *ShiftedClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.offset += d
	}
}
