package httpd

// A table holds headers or variables in their order. Names are compared without case.
type table []Field

func (t table) index(name string) int {
	for i := range t {
		if sameName(t[i].Name, name) {
			return i
		}
	}
	return -1
}

// get returns the first value of a name.
func (t table) get(name string) (string, bool) {
	if i := t.index(name); i >= 0 {
		return t[i].Value, true
	}
	return "", false
}

// values returns all values of a name.
func (t table) values(name string) []string {
	var list []string
	for _, f := range t {
		if sameName(f.Name, name) {
			list = append(list, f.Value)
		}
	}
	return list
}

// joined returns all values of a name, joined as HTTP allows.
func (t table) joined(name string) (string, bool) {
	i := t.index(name)
	if i < 0 {
		return "", false
	}
	v := t[i].Value
	for _, f := range t[i+1:] {
		if sameName(f.Name, name) {
			v += ", " + f.Value
		}
	}
	return v, true
}

// set gives a name one value, in the place of its first.
func (t *table) set(name, value string) {
	i := t.index(name)
	if i < 0 {
		*t = append(*t, Field{name, value})
		return
	}
	(*t)[i].Value = value
	t.dropFrom(i+1, name)
}

func (t *table) add(name, value string) { *t = append(*t, Field{name, value}) }

// merge puts a value behind the first of a name, after a comma.
func (t *table) merge(name, value string) {
	if i := t.index(name); i >= 0 {
		(*t)[i].Value += ", " + value
		return
	}
	t.add(name, value)
}

func (t *table) unset(name string) { t.dropFrom(0, name) }

func (t *table) dropFrom(i int, name string) {
	w := i
	for ; i < len(*t); i++ {
		if !sameName((*t)[i].Name, name) {
			(*t)[w] = (*t)[i]
			w++
		}
	}
	*t = (*t)[:w]
}

// agrees reports whether two tables have the same values under a name, in the same order.
func (t table) agrees(o table, name string) bool {
	j := 0
	for i := range t {
		if !sameName(t[i].Name, name) {
			continue
		}
		for j < len(o) && !sameName(o[j].Name, name) {
			j++
		}
		if j == len(o) || o[j].Value != t[i].Value {
			return false
		}
		j++
	}
	for ; j < len(o); j++ {
		if sameName(o[j].Name, name) {
			return false
		}
	}
	return true
}

// sameName compares names as httpd's tables do: letters of ASCII in either case.
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func (t table) clone() table { return append(table(nil), t...) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
