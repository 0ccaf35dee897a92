package accesslog

// Stats counts what a reader has read. The zero value counts nothing yet.
type Stats struct {
	// Lines are all lines, and entries of HAR; Records those that were delivered.
	Lines, Records int64
	// Bytes is the length of the lines, with their ends, after decompression. HAR has none.
	Bytes int64
	// Samples are the first malformed lines, Options.Samples of each reason at most, by line.
	Samples []Sample

	counts [reasons]int64
}

// A Sample is a malformed line. Its text is kept only where it is asked for: it is not known what is in it.
type Sample struct {
	// Line is its number, from 1.
	Line int64
	// Offset is where it begins, in bytes of the text after decompression.
	Offset int64
	Reason Reason
	// Text is how the line begins, where Options.SampleText asks for it.
	Text string
}

// Count returns how many lines were not read for a reason.
func (s *Stats) Count(r Reason) int64 {
	if r >= reasons {
		return 0
	}
	return s.counts[r]
}

// Malformed returns how many lines ought to have been records and are not.
func (s *Stats) Malformed() int64 {
	var n int64
	for r := range s.counts {
		if Reason(r).Malformed() {
			n += s.counts[r]
		}
	}
	return n
}

// Append adds what was read of the range that follows in the same file: its line numbers go on where s ends. samples
// bounds the samples of a reason, as Options.Samples does. Appending is associative.
func (s *Stats) Append(next *Stats, samples int) {
	for _, n := range next.Samples {
		n.Line += s.Lines
		s.sample(n, samples)
	}
	s.Lines += next.Lines
	s.Records += next.Records
	s.Bytes += next.Bytes
	for r := range s.counts {
		s.counts[r] += next.counts[r]
	}
}

func (s *Stats) count(r Reason, offset int64, samples int) {
	s.countLine(r, offset, samples, nil, nil)
}

// countLine is count with the text of the line.
func (s *Stats) countLine(r Reason, offset int64, samples int, line []byte, o *Options) {
	s.counts[r]++
	if !r.Malformed() {
		return
	}
	n := Sample{Line: s.Lines, Offset: offset, Reason: r}
	if s.full(r, samples) {
		return
	}
	if o != nil && o.SampleText > 0 {
		n.Text = sampleText(line, o)
	}
	s.Samples = append(s.Samples, n)
}

// full reports whether there are enough samples of a reason.
func (s *Stats) full(r Reason, most int) bool {
	have := 0
	for i := range s.Samples {
		if s.Samples[i].Reason == r {
			have++
		}
	}
	return have >= most
}

func (s *Stats) sample(n Sample, most int) {
	if !s.full(n.Reason, most) {
		s.Samples = append(s.Samples, n)
	}
}
