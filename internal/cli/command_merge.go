package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dispcheck/dispcheck/internal/replay"
)

func mergeCommand() *command {
	return &command{
		name:  "merge",
		usage: "join partial results of replay",
		args:  "FILE…|-",
		about: "Joins files that replay --partial has written, and prints what one replay over all of their lines would have printed. The order " +
			"does not matter, and a joined result can be joined again: --partial writes it. Results of different configurations, options or releases " +
			"are refused, and so are two of the same share.",
		flags: []*flag{
			topFlag(),
			{name: "partial", arg: "FILE|-", completeFrom: completeFiles, meaning: "write the result to be joined again, and print nothing"},
		},
		formats: []string{"text", "json"},
		minArgs: 1, maxArgs: -1,
		completeFrom: completeFiles,
		exits: []exit{
			{exitClean, "the results were joined"},
			{exitFindings, "there are findings from --fail-on up; those of replay are of severity info"},
			{exitUnusable, "wrong usage, a file that is no partial result, or results that do not go together"},
		},
		example: example{"dispcheck merge part-*.dcp --format json", "what would one replay have said?"},
		run:     runMerge,
	}
}

func runMerge(ctx context.Context, in *invocation) error {
	var whole *replay.Result
	seen := map[string]bool{}
	for _, arg := range in.args {
		name := filepath.Clean(arg)
		if seen[name] {
			return usagef("name each once", "%s is named twice", arg)
		}
		seen[name] = true
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := in.readPartial(arg)
		if err != nil {
			return err
		}
		if whole == nil {
			whole = r
			continue
		}
		if err := whole.Merge(r); err != nil {
			return newFileError(display(arg), err)
		}
	}
	if missing := whole.MissingShards(); len(missing) > 0 {
		in.remark("dispcheck: %s of %d missing: %s", count(len(missing), "share"), whole.Header.Shards[0].Of, shardList(missing))
	}
	if file := in.text("partial"); file != "" {
		return in.writePartial(file, whole)
	}
	return in.writeReplay(whole)
}

// readPartial reads a partial result.
func (in *invocation) readPartial(arg string) (*replay.Result, error) {
	name, src := stdinName, in.stdin
	if arg != "-" {
		name = display(arg)
		f, err := os.Open(arg)
		if err != nil {
			return nil, newFileError(name, err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, newFileError(name, errors.New("is a folder; name the files in it"))
		}
		src = f
	}
	r, err := replay.Decode(bufio.NewReader(io.Reader(src)))
	if err != nil {
		return nil, newFileError(name, err)
	}
	return r, nil
}

// shardList names a few of the shares that are missing.
func shardList(list []int) string {
	const most = 20
	s := ""
	for i, n := range list {
		if i == most {
			return s + " …"
		}
		if i > 0 {
			s += ", "
		}
		s += strconv.Itoa(n)
	}
	return s
}
