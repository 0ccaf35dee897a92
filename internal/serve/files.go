package serve

import (
	"sync"

	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// knownFiles remembers what stands on the disk of a server whose files do not change.
type knownFiles struct {
	httpd.FileSystem
	mu    sync.RWMutex
	kinds map[string]rewrite.FileKind
}

// maxKnown bounds the paths that are remembered.
const maxKnown = 4096

// Stat implements httpd.FileSystem.
func (k *knownFiles) Stat(path string) rewrite.FileKind {
	k.mu.RLock()
	kind, ok := k.kinds[path]
	k.mu.RUnlock()
	if ok {
		return kind
	}
	kind = k.FileSystem.Stat(path)
	k.mu.Lock()
	if len(k.kinds) >= maxKnown || k.kinds == nil {
		k.kinds = map[string]rewrite.FileKind{}
	}
	k.kinds[string([]byte(path))] = kind
	k.mu.Unlock()
	return kind
}
