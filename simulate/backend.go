package simulate

import (
	"context"
	"io"
	"io/fs"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// A Backend stands for the renders: real, canned, or recorded. It is not asked yet.
type Backend interface {
	RoundTrip(context.Context, *model.Render, *Request) (*Answer, error)
}

// An Answer is what a render sends back.
type Answer struct {
	Status int
	Header Header
	Body   io.ReadCloser
}

// A Store is the document root: the disk, or memory. It is not looked into yet.
type Store interface {
	fs.StatFS
	Create(name string) (io.WriteCloser, error)
	Remove(name string) error
	Chtimes(name string, mod time.Time) error
}
