package simulate

import (
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// ConnectTimeout returns how long a release waits for a connection to a render, 0 for ever: /timeout, and where that is
// 0, ten minutes before 4.3.1 (DISP-723). It is for those who write a [Backend].
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md and release-notes.md.
func ConnectTimeout(r *model.Render, v Version) time.Duration {
	if r.Timeout.Value <= 0 && !v.AtLeast(disp723) {
		return 10 * time.Minute
	}
	return milliseconds(r.Timeout.Value)
}

// ReceiveTimeout returns how long the module waits for an answer of a render and for each part of it, 0 for ever:
// /receiveTimeout. It is for those who write a [Backend].
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md.
func ReceiveTimeout(r *model.Render) time.Duration { return milliseconds(r.ReceiveTimeout.Value) }

func milliseconds(n int) time.Duration {
	const longest = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(max(int64(n), 0), longest)) * time.Millisecond
}

// ImplicitTimeout reports whether a release takes a timeout of 0 for ten minutes (DISP-723).
func ImplicitTimeout(v Version) bool {
	if v == (Version{}) {
		v = Newest
	}
	return !v.AtLeast(disp723)
}
