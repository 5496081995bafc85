package frames

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

func TestWhatPackagingMayChangeDoesNotCount(t *testing.T) {
	sps, pps, idr, p := []byte{0x67, 1}, []byte{0x68, 2}, []byte{0x65, 3, 4}, []byte{0x41, 5}
	h264 := &codecs.H264{SPS: sps, PPS: pps}
	vps5, sps5, pps5, irap5 := []byte{0x40, 1, 2}, []byte{0x42, 1, 2}, []byte{0x44, 1, 2}, []byte{0x26, 1, 3}
	h265 := &codecs.H265{VPS: vps5, SPS: sps5, PPS: pps5}
	for _, c := range []struct {
		name  string
		codec codecs.Codec
		a, b  [][]byte
		same  bool
	}{
		{"a delimiter and filler", h264, [][]byte{{9, 0xf0}, sps, pps, idr, {12, 0xff}}, [][]byte{sps, pps, idr}, true},
		{"parameter sets in the description", h264, [][]byte{idr}, [][]byte{sps, pps, idr}, true},
		{"one of them", h264, [][]byte{pps, idr}, [][]byte{sps, pps, idr}, true},
		{"those of H.265", h265, [][]byte{{0x46, 1, 0x50}, irap5}, [][]byte{vps5, sps5, pps5, irap5}, true},
		{"the size of an OBU", &codecs.AV1{}, [][]byte{{0x12, 0}, {0x32, 2, 7, 8}}, [][]byte{{0x30, 7, 8}}, true},

		{"another parameter set", h264, [][]byte{{0x67, 9}, pps, idr}, [][]byte{sps, pps, idr}, false},
		{"another in H.265", h265, [][]byte{{0x40, 1, 9}, sps5, pps5, irap5}, [][]byte{irap5}, false},
		{"a bit of a picture", h264, [][]byte{{0x65, 3, 5}}, [][]byte{idr}, false},
		{"a unit less", h264, [][]byte{p, p}, [][]byte{p}, false},
		{"another order", h264, [][]byte{p, {0x41, 6}}, [][]byte{{0x41, 6}, p}, false},
		{"another boundary", h264, [][]byte{{0x41, 1, 0x41}, {0x41}}, [][]byte{{0x41, 1}, {0x41, 0x41}}, false},
		{"enhancement information", h264, [][]byte{{6, 1}, p}, [][]byte{p}, false},
		{"parameter sets with a picture that needs none", h264, [][]byte{pps, p}, [][]byte{p}, false},
		{"a bit of an OBU", &codecs.AV1{}, [][]byte{{0x30, 7, 9}}, [][]byte{{0x30, 7, 8}}, false},
		{"a bit of sound", &codecs.Opus{}, [][]byte{{1, 2}}, [][]byte{{1, 3}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			size, hash, ok := newEssence(c.codec).frame(c.a)
			wantSize, wantHash, wantOK := newEssence(c.codec).frame(c.b)
			if !ok || !wantOK {
				t.Fatal("no frame")
			}
			if same := size == wantSize && hash == wantHash; same != c.same {
				t.Errorf("the same: %v, want %v", same, c.same)
			}
		})
	}
}

func TestAUnitWithoutAPictureIsNoFrame(t *testing.T) {
	e := newEssence(&codecs.H264{})
	if _, _, ok := e.frame([][]byte{{0x67, 1}, {0x68, 2}}); ok {
		t.Error("parameter sets alone are a frame")
	}
	_, alone, _ := e.frame([][]byte{{0x65, 3}})
	_, with, _ := newEssence(&codecs.H264{}).frame([][]byte{{0x67, 1}, {0x68, 2}, {0x65, 3}})
	if alone != with {
		t.Error("they are not those of the picture that follows")
	}
}

func TestEveryClipIsTheSameBehindThePackager(t *testing.T) {
	const length = 6 * time.Second
	for _, name := range clip.Names() {
		t.Run(name, func(t *testing.T) {
			in := before(t, name, length)
			e := material.Epoch(t, name, 3, length)
			o := NewOutput(time.Minute)
			feed := make(chan egress.Item, len(e.Groups)+1)
			feed <- egress.Begin{Descriptor: e.Descriptor}
			for _, g := range e.Groups {
				feed <- egress.Media{Group: g}
			}
			close(feed)
			if err := o.Egress().Run(context.Background(), feed, func([]string) {}); err != nil {
				t.Fatal(err)
			}
			out := o.Recording()
			r := Compare(&in, &out)
			if err := r.Err(); err != nil {
				t.Errorf("%v\n%+v", err, r)
			}
			for _, k := range r.Tracks {
				if k.Missing > 0 || k.Outside > 0 || k.Retimed > 0 || k.Equal < 150 {
					t.Errorf("%+v", k)
				}
			}
		})
	}
}

// before is a clip as it is before it is packaged.
func before(t *testing.T, name string, length time.Duration) Recording {
	t.Helper()
	c, err := clip.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	zero := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBook(time.Hour)
	for _, k := range c.Tracks {
		kind := chunk.Audio
		if k.Codec.IsVideo() {
			kind = chunk.Video
		}
		page, essence := b.page(kind, 0), newEssence(k.Codec)
		for at := time.Duration(0); at < length; at += c.Duration {
			for _, s := range k.Samples {
				data, err := s.Payload()
				if err != nil {
					t.Fatal(err)
				}
				size, hash, ok := essence.frame(split(t, k.Codec, bytes.Clone(data)))
				if !ok {
					t.Fatal("a sample is no frame")
				}
				now := zero.Add(s.PTS + at).UnixNano()
				b.write(page, Frame{Epoch: 1, Size: size, Hash: hash, Time: now, At: now})
			}
		}
	}
	r := b.Recording()
	slices.SortFunc(r.Tracks, func(a, b Track) int { return int(a.Kind) - int(b.Kind) })
	return r
}

func split(t *testing.T, codec codecs.Codec, data []byte) [][]byte {
	t.Helper()
	var err error
	switch codec.(type) {
	case *codecs.H264, *codecs.H265:
		var units h264.AVCC
		if err = units.Unmarshal(data); err == nil {
			return units
		}
	case *codecs.AV1:
		var units av1.Bitstream
		if err = units.Unmarshal(data); err == nil {
			return units
		}
	default:
		return [][]byte{data}
	}
	t.Fatal(err)
	return nil
}
