package replay_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/replay"
)

// smallPartial is a partial result with a bit of everything.
func smallPartial(t testing.TB) []byte {
	p := unitOf(t, fmt.Sprintf(vhost, "RewriteRule ^/x - [F]"), fmt.Sprintf(farm, "", "", ""))
	o := p.options()
	o.Log.Format, o.Calibrate, o.MaxDistinct = "urls", true, 256
	text := "POST https://www.wknd.example/a?x=1&y\n/content/wknd/us/en.html\n/content/wknd/us/en.html\n\x00\n"
	for i := range 6 {
		text += "/content/" + string(rune('a'+i%26)) + "/" + string(rune('a'+i/26)) + ".html?q=1\n"
	}
	return encoded(t, run(t, o, textInput("log", text, o.Log)))
}

func TestPartialRoundTrip(t *testing.T) {
	text := smallPartial(t)
	r, err := replay.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := r.Summary(5)
	if again := encoded(t, r); !bytes.Equal(again, text) {
		t.Error("written again it is another")
	}
	if r, err = replay.Decode(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.Summary(5)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestDamagedPartial: a partial result with any byte changed, or cut off anywhere, is refused.
func TestDamagedPartial(t *testing.T) {
	text := smallPartial(t)
	for i := 0; i < len(text); i += 1 + i/200 {
		if _, err := replay.Decode(bytes.NewReader(text[:i])); !errors.Is(err, replay.ErrDamaged) {
			t.Fatalf("cut at %d: got %v", i, err)
		}
		bad := bytes.Clone(text)
		bad[i] ^= 1 << (i % 8)
		if _, err := replay.Decode(bytes.NewReader(bad)); !errors.Is(err, replay.ErrDamaged) && !errors.Is(err, replay.ErrDifferent) {
			t.Fatalf("changed at %d: got %v", i, err)
		}
	}
	if _, err := replay.Decode(bytes.NewReader(append(bytes.Clone(text), 'x'))); !errors.Is(err, replay.ErrDamaged) {
		t.Errorf("with something behind: got %v", err)
	}
}

// FuzzDecode: whatever is read, with a checksum that fits, is refused, or is what is written again; and it can be added up and merged.
func FuzzDecode(f *testing.F) {
	text := smallPartial(f)
	f.Add(text[:len(text)-4])
	f.Add(text[:len(text)/2])
	f.Add([]byte("dispcheck.replay-partial/v1\n\x02{}\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.ChecksumIEEE(b)) // what changes it could put that right
		r, err := replay.Decode(bytes.NewReader(b))
		if err != nil {
			return
		}
		_ = r.Summary(3)
		first := encoded(t, r)
		again, err := replay.Decode(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !bytes.Equal(encoded(t, again), first) {
			t.Fatal("written again it is another")
		}
		if err := r.Merge(again); err != nil && !errors.Is(err, replay.ErrDifferent) {
			t.Fatal(err)
		}
		_ = r.Summary(3)
	})
}
