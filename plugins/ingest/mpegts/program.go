package mpegts

import (
	"encoding/binary"
)

// program follows the tables of one program: the first that the stream's directory has. It knows what tracks there are and
// when they change; what is in them is the demuxer's.
type program struct {
	directory sections // PAT
	tracks    sections // PMT
	number    uint16   // 0 before a directory has come
	pid       uint16   // of the PMT
	several   bool     // the stream has other programs too
	streams   []stream // nil before the first PMT
}

const (
	pidDirectory = 0
	idDirectory  = 0
	idTracks     = 2
)

// follow takes one packet. known tells that it belongs to a table, changed that tracks of sound or picture are others than
// before.
func (g *program) follow(p *packet) (known, changed bool) {
	switch pid := p.pid(); {
	case pid == pidDirectory:
		g.directory.add(p, g.readDirectory)
		return true, false
	case g.number != 0 && pid == g.pid:
		before := g.streams
		g.tracks.add(p, g.readTracks)
		return true, before != nil && !same(before, g.streams)
	}
	return false, false
}

// readDirectory stays with a program for as long as it is listed.
func (g *program) readDirectory(s []byte) {
	if s[0] != idDirectory || s[5]&1 == 0 { // of the future
		return
	}
	var number, pid uint16
	n := 0
	for e := s[8 : len(s)-4]; len(e) >= 4; e = e[4:] {
		this := binary.BigEndian.Uint16(e)
		if this == 0 { // the network's table
			continue
		}
		if n++; number == 0 || this == g.number {
			number, pid = this, binary.BigEndian.Uint16(e[2:])&0x1fff
		}
	}
	if number == 0 {
		return
	}
	g.several = n > 1
	if pid != g.pid || number != g.number {
		g.number, g.pid, g.tracks = number, pid, sections{}
	}
}

func (g *program) readTracks(s []byte) {
	if s[0] != idTracks || s[5]&1 == 0 || binary.BigEndian.Uint16(s[3:]) != g.number || len(s) < 16 {
		return
	}
	list := s[:len(s)-4]
	from := 12 + int(binary.BigEndian.Uint16(s[10:])&0x0fff)
	streams := []stream{}
	for from+5 <= len(list) {
		e := list[from:]
		end := 5 + int(binary.BigEndian.Uint16(e[3:])&0x0fff)
		if end > len(e) {
			return
		}
		k := newStream(e[:end])
		k.number = len(streams) + 1
		streams = append(streams, k)
		from += end
	}
	g.streams = streams
}

// same tells that tracks of sound and picture are as they were. What else a program carries comes and goes.
func same(a, b []stream) bool {
	media := func(all []stream) string {
		var s []byte
		for _, k := range all {
			if k.kind != data {
				s = append(s, k.entry...)
			}
		}
		return string(s)
	}
	return media(a) == media(b)
}

// tables describe a program of kept alone, for the demuxer.
func (g *program) tables(kept []stream) []*packet {
	var directory, list []byte
	directory = binary.BigEndian.AppendUint16(directory, g.number)
	directory = binary.BigEndian.AppendUint16(directory, 0xe000|g.pid)
	list = binary.BigEndian.AppendUint16(list, 0xffff) // no clock: units are handed on as they come
	list = binary.BigEndian.AppendUint16(list, 0xf000)
	for _, k := range kept {
		list = append(list, k.entry...)
	}
	return append(table(pidDirectory, idDirectory, 1, directory), table(g.pid, idTracks, g.number, list)...)
}
