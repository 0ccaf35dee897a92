package simulate

import "testing"

func TestCacheable(t *testing.T) { runGolden(t, "cacheable") }
