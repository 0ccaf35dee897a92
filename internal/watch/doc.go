// Package watch waits until files change. It polls: every [Interval] it looks at the sizes and the times of modification of what
// is watched, which works on every system, for files that are replaced as editors do, in containers and on network disks. A file
// that is written anew with its old size and its old time is not noticed. The disk and the clock are interfaces, so that tests
// need neither. Start from [New] and [Watcher.Wait].
package watch
