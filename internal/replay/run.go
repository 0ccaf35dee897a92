package replay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

// An Input is one log.
type Input struct {
	// Name is as people know it.
	Name string
	// Size is how many bytes it has as it lies on the disk; -1 where that is not known.
	Size int64
	// Open begins to read it.
	Open func() (*accesslog.Blocks, error)
}

// A player replays logs: it is what the goroutines of a run share.
type player struct {
	o       *Options
	result  *Result
	engine  *simulate.Engine
	site    *site.Site // nil without an httpd side
	index   *index
	headers []string
	keyer   keyer
	hosts   []string
	forced  bool // the scheme matters before headers are looked at
	// noForwarded says that it decides nothing whether a proxy says where a request comes from.
	noForwarded bool

	mu       sync.Mutex
	order    *collector
	read     int64 // bytes, under the collector's lock
	forecast *forecaster
	// agreements are those of the workers.
	agreements []*agreement
	unsaved    int64 // bytes since the last checkpoint
}

// Run replays logs, one after the other. With ctx done it stops, and returns its error. What it returns is complete but for
// inputs that Options.Failed was told of.
func Run(ctx context.Context, inputs []Input, o Options) (*Result, error) {
	p, err := newPlayer(&o)
	if err != nil {
		return nil, err
	}
	if err := p.run(ctx, inputs); err != nil {
		return nil, err
	}
	return p.result, nil
}

func newPlayer(o *Options) (*player, error) {
	if o.Shards > 0 && (o.Shard < 0 || o.Shard >= o.Shards) {
		return nil, fmt.Errorf("there is no shard %d of %d: they count from 0", o.Shard, o.Shards)
	}
	owned := o.Owned
	p := &player{o: o}
	cat, index := newCatalog(o.Config, o.Server, owned)
	digest, files, conds := fingerprint(o.Config, o.Server)
	if o.Fingerprint != "" {
		digest = o.Fingerprint
	}
	var mentions map[string]int
	p.index = index
	p.headers, mentions = headersOf(files)
	p.keyer = keyer{headers: p.headers}
	p.noForwarded = conds.idle("x-forwarded-for", mentions["x-forwarded-for"], "", forwardedFor)
	if !o.Calibrate && o.Farm == "" && o.Host == "" { // or the log's word would be held against itself
		p.keyer.farms = map[string]bool{}
		for _, f := range cat.Farms {
			p.keyer.farms[f.Name] = true
		}
	}
	for i, name := range p.headers {
		if _, given := o.Header(name); given {
			continue
		}
		switch c := conds.classifierOf(name, mentions[name]); {
		case o.keeps(name):
			p.keyer.raw |= 1 << i
		case c != nil:
			p.keyer.classes[i] = c
		}
	}
	p.engine = simulate.New(o.Config, o.Engine)
	if o.NewSite != nil {
		p.site = o.NewSite(p.engine, nil)
	}
	p.hosts = hostsOf(o.Config, o.Server)
	p.forced = schemeMatters(o.Config, o.Server)
	p.result = newResult(o.maxDistinct())
	h := &p.result.Header
	h.Catalog, h.Headers = *cat, p.headers
	settings := Settings{
		Configuration: digest, Release: o.Release, Host: o.Host, Scheme: o.Scheme, Farm: o.Farm, UsualHost: o.UsualHost, MaxDistinct: o.maxDistinct(),
		Format: o.Log.Format, KeepQuery: o.Log.KeepQuery, KeepHeaders: o.Log.KeepHeaders, KeepUserAgent: o.Log.KeepUserAgent, KeepLines: o.Log.Whole, Headers: fmt.Sprint(o.Headers),
		MaxLine: o.Log.MaxLine, Samples: o.Log.Samples, Directives: fmt.Sprintf("%+v", o.Directives), Engine: fmt.Sprintf("%v %+v", o.Engine.Version, o.Engine.Readings),
		Calibrate: o.Calibrate, Forecast: o.Forecast, TTL: o.TTL, HTTPD: o.NewSite != nil,
	}
	h.Settings = settings
	if o.Shards > 0 {
		h.Shards = []Shard{{o.Shard, o.Shards}}
	}
	if o.Resume != nil {
		before := &o.Resume.Header
		switch {
		case before.Settings != settings:
			return nil, fmt.Errorf("cannot be gone on with: %s", settingsDiff(&before.Settings, &settings))
		case !slices.Equal(before.Shards, h.Shards):
			return nil, errors.New("cannot be gone on with: it is of another share")
		case before.Position == nil:
			return nil, errors.New("cannot be gone on with: it does not say how far it came")
		}
		p.result = o.Resume
	}
	if o.Checkpoint != nil && p.result.Header.Position == nil {
		p.result.Header.Position = &Position{Logs: []LogPosition{}}
	}
	if o.Forecast {
		if o.Shards == 0 || o.Shard == 0 {
			p.forecast = newForecaster(p)
		}
	}
	return p, nil
}

// A job is a block on its way to whoever reads it.
type job struct {
	seq    int // counts all blocks of the run
	block  *accesslog.Block
	parser *accesslog.Parser
	input  int
	// other says that the block belongs to another shard: its lines are numbered, and not counted.
	other bool
}

func (p *player) run(ctx context.Context, inputs []Input) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n := p.o.jobs()
	free, jobs := make(chan *accesslog.Block, n+2), make(chan job, n)
	for range n + 2 {
		free <- new(accesslog.Block)
	}
	p.order = newCollector(p, inputs)
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					cancel(&Panic{r, debug.Stack()})
					for j := range jobs { // so that nobody waits for this one
						free <- j.block
					}
				}
			}()
			w := p.newWorker()
			for j := range jobs {
				if ctx.Err() == nil {
					if err := w.block(ctx, j); err != nil {
						cancel(err)
					}
				}
				free <- j.block
			}
		})
	}
	err := p.readAll(ctx, inputs, free, jobs)
	close(jobs)
	workers.Wait()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	p.settle()
	p.result.table.trim()
	if p.forecast != nil {
		p.result.Header.Forecast = p.forecast.done()
	}
	if p.o.Checkpoint != nil {
		return p.o.Checkpoint(p.result)
	}
	return nil
}

// settle puts what was counted into the result. Nothing is being read.
func (p *player) settle() {
	p.order.finish()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.agreements {
		a.done(&p.result.Header)
	}
}

// checkpoint saves what was done once enough was read: all blocks up to seq, of the input i up to some offset.
func (p *player) checkpoint(ctx context.Context, i int, in Input, k *accesslog.Block, end int64, seq int) error {
	if p.o.Checkpoint == nil {
		return nil
	}
	every := p.o.CheckpointEvery
	if every <= 0 {
		every = defaultCheckpoint
	}
	if p.unsaved += end - k.Offset; p.unsaved < every {
		return nil
	}
	p.unsaved = 0
	if err := p.order.waitFor(ctx, seq); err != nil {
		return err
	}
	p.settle()
	p.result.Header.Position.set(LogPosition{Name: in.Name, Size: in.Size, Offset: end, Blocks: k.Seq + 1, Lines: p.order.linesOf(i)})
	return p.o.Checkpoint(p.result)
}

// defaultCheckpoint is how many bytes of text are read between two checkpoints.
const defaultCheckpoint = 256 << 20

// A Panic is a crash in a goroutine of Run.
type Panic struct {
	Value any
	Stack []byte
}

// Error implements error.
func (p *Panic) Error() string { return fmt.Sprintf("crash while a log was replayed: %v", p.Value) }

// readAll reads the inputs into blocks.
func (p *player) readAll(ctx context.Context, inputs []Input, free chan *accesslog.Block, jobs chan job) error {
	seq := 0
	for i, in := range inputs {
		if err := p.readInput(ctx, i, in, &seq, free, jobs); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if p.o.Failed == nil {
				return fmt.Errorf("%s: %w", in.Name, err)
			}
			p.fail(i, err)
		}
	}
	return nil
}

func (p *player) readInput(ctx context.Context, i int, in Input, seq *int, free chan *accesslog.Block, jobs chan job) error {
	at, known := p.result.Header.Position.of(in.Name)
	switch {
	case !known:
	case at.Done && (in.Size == at.Size || in.Size < 0):
		return nil
	case in.Size < at.Size:
		return errors.New("is shorter than when it was read before; to begin anew, remove the file of --resume")
	case at.Done && p.o.Shards > 0:
		return errors.New("has grown since it was read; a share of it cannot be gone on with")
	}
	blocks, err := in.Open()
	if err != nil {
		return err
	}
	defer blocks.Close()
	if known {
		if err := blocks.Skip(at.Offset, at.Blocks); err != nil {
			return err
		}
	}
	p.order.format(i, blocks.Parser().Name(), at.Lines)
	end, count := at.Offset, at.Blocks
	var last *accesslog.Block
	defer func() {
		if last != nil {
			free <- last
		}
	}()
	for {
		var k *accesslog.Block
		select {
		case k = <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !blocks.Next(k) {
			last = k
			break
		}
		j := job{seq: *seq, block: k, parser: blocks.Parser(), input: i}
		*seq++
		end, count = k.End(), k.Seq+1
		at := accesslog.Block{Seq: k.Seq, Offset: k.Offset} // the block itself may soon hold another
		j.other = p.o.Shards > 0 && (i+k.Seq)%p.o.Shards != p.o.Shard
		select {
		case jobs <- j:
		case <-ctx.Done():
			last = k
			return context.Cause(ctx)
		}
		if !blocks.Parser().Lines() { // the block is read from the input itself
			if err := p.order.waitFor(ctx, j.seq); err != nil {
				return err
			}
			count, end = 1, 0
			break
		}
		if err := p.checkpoint(ctx, i, in, &at, end, j.seq); err != nil {
			return err
		}
	}
	if err := blocks.Err(); err != nil {
		return err
	}
	if p.o.Checkpoint != nil {
		if err := p.order.waitFor(ctx, *seq-1); err != nil {
			return err
		}
		p.result.Header.Position.set(LogPosition{Name: in.Name, Size: in.Size, Offset: end, Blocks: count, Lines: p.order.linesOf(i), Done: true})
	}
	return nil
}

// A worker reads blocks and decides what is in them.
type worker struct {
	p       *player
	d       decider
	reader  accesslog.BlockReader
	key     []byte
	parser  *accesslog.Parser // that keyer is for
	keyer   keyer
	whole   []byte
	request request
	ctx     context.Context
	decide  func(key string) (decided, error)
	played  []event
	keys    []byte
	agree   *agreement
}

func (p *player) newWorker() *worker {
	w := &worker{p: p, keyer: p.keyer}
	w.d = decider{o: p.o, engine: p.engine, index: p.index, verdicts: p.result.verdicts, headers: p.headers, classes: &p.keyer.classes, hosts: p.hosts,
		schemeMatters: p.forced, noForwarded: p.noForwarded, settledOf: map[settledKey]bool{}}
	w.d.unknown = simulate.Unknowns{Header: w.d.unknownHeader, Client: true, Time: true, Choose: w.d.choose, Matches: w.d.settled}
	w.d.passage.Quiet, w.d.passage.Result.Memory = true, newMemory()
	w.d.site = p.site
	w.decide = func(key string) (decided, error) {
		if err := w.request.parse(key, p.headers); err != nil {
			return decided{}, err
		}
		w.d.whole = ""
		if len(w.whole) > maxTarget {
			w.d.whole = string(w.whole)
		}
		return w.d.decide(w.ctx, &w.request)
	}
	if p.o.Calibrate {
		w.agree = newAgreement(p)
		p.mu.Lock()
		p.agreements = append(p.agreements, w.agree)
		p.mu.Unlock()
	}
	return w
}

// block reads a block.
func (w *worker) block(ctx context.Context, j job) error {
	w.ctx = ctx
	p := w.p
	w.reader.Begin(j.parser, j.block)
	if w.parser != j.parser {
		w.parser, w.keyer.logged, w.keyer.urls = j.parser, loggedHeaders(j.parser, p.headers), j.parser.Name() == "urls"
	}
	w.played, w.keys = w.played[:0], w.keys[:0]
	if j.other && p.forecast == nil && j.parser.Lines() {
		p.order.skip(j, j.block.Lines())
		return nil
	}
	table := p.result.table
	n := 0
	for w.reader.Next() {
		if n++; n&0xfff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r := w.reader.Record()
		if r.Flush != nil {
			if p.forecast != nil {
				w.play(r, nil, 0)
			}
			continue
		}
		w.key = w.keyer.append(w.key[:0], r)
		w.whole = r.Target
		h := hashOf(w.key)
		var id uint32
		var err error
		if j.other {
			id, err = p.forecast.verdict(h, w.key, w.decide)
		} else {
			id, err = table.add(h, w.key, 1, w.decide)
		}
		if err != nil {
			return err
		}
		if w.agree != nil && !j.other {
			w.agree.compare(r, id)
		}
		if p.forecast != nil {
			w.play(r, w.key, id)
		}
	}
	if err := w.reader.Err(); err != nil {
		p.fail(j.input, err)
	}
	return p.order.block(ctx, j, w)
}

// fail tells of an input that was read by a worker.
func (p *player) fail(input int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.o.Failed != nil {
		p.o.Failed(p.order.inputs[input].Name, err)
	}
}

// A collector puts what was read of blocks into the order of the logs.
type collector struct {
	p      *player
	inputs []Input

	mu      sync.Mutex
	wait    *sync.Cond
	logs    []logState
	next    int // block that is due
	pending map[int]blockStats
}

// A logState is what is known of one input.
type logState struct {
	format string
	lines  int64           // in the blocks so far
	stats  accesslog.Stats // of this shard
}

// blockStats are what was read of a block.
type blockStats struct {
	input  int
	stats  accesslog.Stats
	lines  int64
	other  bool
	played []event
	keys   []byte
}

func newCollector(p *player, inputs []Input) *collector {
	c := &collector{p: p, inputs: inputs, logs: make([]logState, len(inputs)), pending: map[int]blockStats{}}
	c.wait = sync.NewCond(&c.mu)
	return c
}

// format notes the format of an input, and how many lines of it were read before.
func (c *collector) format(input int, name string, lines int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logs[input].format, c.logs[input].lines = name, lines
}

// linesOf is how many lines of an input were read.
func (c *collector) linesOf(input int) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.logs[input].lines
}

// skip notes that a block of another shard was passed over.
func (c *collector) skip(j job, lines int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(context.Background(), j.seq, blockStats{input: j.input, lines: lines, other: true}) // nothing is played, so nothing fails
}

// block takes over what a worker has read.
func (c *collector) block(ctx context.Context, j job, w *worker) error {
	stats := *w.reader.Stats()
	stats.Samples = slices.Clone(stats.Samples)
	b := blockStats{input: j.input, stats: stats, lines: stats.Lines, other: j.other}
	if c.p.forecast != nil {
		b.played, b.keys = slices.Clone(w.played), slices.Clone(w.keys)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p.read += stats.Bytes
	if c.p.o.Progress != nil {
		c.p.o.Progress(c.p.read)
	}
	return c.put(ctx, j.seq, b)
}

// put keeps a block until it is its turn, and takes those whose turn it is.
func (c *collector) put(ctx context.Context, seq int, b blockStats) error {
	c.pending[seq] = b
	var err error
	for {
		b, ok := c.pending[c.next]
		if !ok {
			break
		}
		delete(c.pending, c.next)
		c.next++
		l := &c.logs[b.input]
		if !b.other {
			for i := range b.stats.Samples {
				b.stats.Samples[i].Line += l.lines
			}
			own := l.stats.Lines
			l.stats.Lines = 0 // the samples are numbered already
			l.stats.Append(&b.stats, c.p.samples())
			l.stats.Lines += own
		}
		l.lines += b.lines
		if c.p.forecast != nil && err == nil {
			err = c.p.forecast.take(ctx, b.played, b.keys)
		}
	}
	c.wait.Broadcast()
	return err
}

// waitFor waits until a block has been read.
func (c *collector) waitFor(ctx context.Context, seq int) error {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wait.Broadcast()
	})
	defer stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.next <= seq && ctx.Err() == nil {
		c.wait.Wait()
	}
	return context.Cause(ctx)
}

// finish puts what was read into the result.
func (c *collector) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &c.p.result.Header
	for i := range c.logs {
		l := &c.logs[i]
		h.add(c.inputs[i].Name, l.format, &l.stats, c.p.samples())
		l.stats = accesslog.Stats{}
	}
}

func (p *player) samples() int {
	switch n := p.o.Log.Samples; {
	case n == 0:
		return 5
	case n < 0:
		return 0
	default:
		return n
	}
}
