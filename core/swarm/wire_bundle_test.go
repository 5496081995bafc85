package swarm

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
)

// rest is what SplitIndex leaves of a message's frame.
func rest(t *testing.T, m Message) []byte {
	_, r, err := SplitIndex(Append(nil, 1, m))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestABundleGivesBackItsMessagesInOrder(t *testing.T) {
	frame := AppendBundle(nil, 300)
	var want []Message
	for _, m := range samples() {
		if m.Type() != TypeHello && m.Type() != TypeChunk {
			frame, want = AppendPart(frame, append(rest(t, m), "extension"...)), append(want, m)
		}
	}
	index, r, err := SplitIndex(frame)
	parts, ok := Unbundle(r)
	if index != 300 || err != nil || !ok {
		t.Fatalf("index %d, %v, a bundle: %v", index, err, ok)
	}
	for i, m := range want {
		part, more, err := CutPart(parts)
		if err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
		got, err := Parse(part)
		if err != nil || !bytes.Equal(Append(nil, 1, got), Append(nil, 1, m)) {
			t.Errorf("part %d: %v, %v, want %v", i, got, err, m)
		}
		parts = more
	}
	if len(parts) > 0 {
		t.Errorf("%d bytes are left", len(parts))
	}
}

func TestOnlyABundleIsOne(t *testing.T) {
	for _, m := range samples() {
		if _, ok := Unbundle(rest(t, m)); ok {
			t.Errorf("%v is taken to be a bundle", m.Type())
		}
	}
	if _, ok := Unbundle(nil); ok {
		t.Error("nothing is taken to be a bundle")
	}
	if _, err := Parse([]byte{byte(TypeBundle), 0}); !errors.Is(err, ErrUnknownType) {
		t.Errorf("a bundle is read as a message: %v", err)
	}
}

func TestCutPartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		parts []byte
		want  error
	}{
		"nothing":                  {nil, chunk.ErrFormat},
		"an empty part":            {[]byte{0}, chunk.ErrFormat},
		"a part that is cut short": {[]byte{3, byte(TypePing), 1}, chunk.ErrFormat},
		"a longer length coding":   {[]byte{0x82, 0, byte(TypePing), 1}, chunk.ErrFormat},
		"a part that is too long":  {appendUvarint(nil, MaxControlFrame+1), chunk.ErrLimit},
		"a bundle in a bundle":     {[]byte{3, byte(TypeBundle), 1, 0}, chunk.ErrFormat},
		"a hello in a bundle":      {[]byte{2, byte(TypeHello), 1}, chunk.ErrFormat},
	} {
		if part, _, err := CutPart(c.parts); !errors.Is(err, c.want) || part != nil {
			t.Errorf("%s: %x, %v, want %v", name, part, err, c.want)
		}
	}
}

// FuzzBundle holds bundles to the law of messages: what is cut is put together again byte for byte.
func FuzzBundle(f *testing.F) {
	all := AppendBundle(nil, 1)
	for _, m := range samples() {
		_, r, _ := SplitIndex(Append(nil, 1, m))
		all = AppendPart(all, r)
		f.Add(AppendPart(AppendPart(AppendBundle(nil, 1<<40), r), r))
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, frame []byte) {
		index, r, err := SplitIndex(frame)
		parts, ok := Unbundle(r)
		if err != nil || !ok {
			return
		}
		again := AppendBundle(nil, index)
		for len(parts) > 0 {
			part, more, err := CutPart(parts)
			if err != nil {
				if !errors.Is(err, chunk.ErrFormat) && !errors.Is(err, chunk.ErrLimit) {
					t.Fatalf("CutPart: %v", err)
				}
				if !bytes.HasPrefix(frame, again) {
					t.Fatalf("read %x, wrote %x", frame, again)
				}
				return
			}
			again, parts = AppendPart(again, part), more
		}
		if !reflect.DeepEqual(again, frame) {
			t.Fatalf("read %x, wrote %x", frame, again)
		}
	})
}
