package simulate

import (
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// renderMemory is what is known of the renders: how they have answered, and connections that stand idle.
type renderMemory struct {
	mu     sync.Mutex
	scores map[scoreKey]float64
	idle   map[*model.Render][]idleSocket
}

// A scoreKey is a render and a category of requests; nil is the requests of none.
type scoreKey struct {
	render   *model.Render
	category *model.Category
}

// Scores say how good a render is for a category; less is better. Published is what they rest on: the times of earlier
// answers and connections that failed, each of which costs /unavailablePenalty tenths of a second. The formula is not,
// nor how long the past counts. This one is deterministic: a score starts at 0, an answer that took t tenths of a second
// makes 0.9*score + 0.1*t of it, and a penalty is added.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (/statistics, /unavailablePenalty)
// and dispatcher.md.
const (
	scoreKept = 0.9
	scoreNew  = 0.1
	scoreUnit = 100 * time.Millisecond
)

// best returns the render with the lowest score, the first of several.
func (m *renderMemory) best(renders []*model.Render, c *model.Category) *model.Render {
	m.mu.Lock()
	defer m.mu.Unlock()
	best := renders[0]
	lowest := m.scores[scoreKey{best, c}]
	for _, r := range renders[1:] {
		if s := m.scores[scoreKey{r, c}]; s < lowest {
			best, lowest = r, s
		}
	}
	return best
}

func (m *renderMemory) score(k scoreKey) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scores[k]
}

// answered counts how long a render took.
func (m *renderMemory) answered(k scoreKey, took time.Duration) {
	m.change(k, func(score float64) float64 {
		return scoreKept*score + scoreNew*float64(max(took, 0))/float64(scoreUnit)
	})
}

// penalise counts a failure. The penalty is in tenths of a second.
func (m *renderMemory) penalise(k scoreKey, penalty int) {
	m.change(k, func(score float64) float64 { return score + float64(max(penalty, 0)) })
}

func (m *renderMemory) change(k scoreKey, to func(float64) float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.scores == nil {
		m.scores = map[scoreKey]float64{}
	}
	m.scores[k] = to(m.scores[k])
}
