package lint

// Memo returns what make returns for a key, made at most once in a [Run]: rules that need the same costly thing, such
// as the automata of a filter, share it by the key. As with values of a context, the type of the key should be one of
// the package that uses it, so that no two packages meet; it has to be comparable. What is shared must not be changed.
// Memo panics where the key stands for something of another type. It keeps nothing if make panics.
func Memo[V any](p *Pass, key any, make func() V) V {
	if v, ok := p.run.memo[key]; ok {
		return v.(V)
	}
	v := make()
	p.run.memo[key] = v
	return v
}
