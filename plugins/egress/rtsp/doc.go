// Package rtsp serves a stream over RTSP from this machine, for players and for a MediaMTX that pulls it:
//
//	rtsp://127.0.0.1:9554/<stream>                         where it is
//	source: rtsp://127.0.0.1:9554/cam1                     in mediamtx.yml, together with
//	sourceOnDemand: yes
//
// Each reader has a stream of its own within the server, so that it begins with a key picture and the sound of
// the same moment, whenever it comes:
//
//	DESCRIBE   the epoch's formats, waited for while there is none yet
//	SETUP      makes the reader's stream
//	PLAY       its first packets are those since the newest key picture; then it gets what comes
//
// An epoch with the same formats goes on on the same connections; one with others closes them, and readers that connect
// again get the new formats. RTP runs over the RTSP connection (TCP), so nothing is lost on the way; a reader whose
// queue is full loses its connection.
//
// One goroutine reads the feed and writes every packet into the queues of the readers. The server's own goroutines have
// ended when Run returns.
package rtsp
