// Package mediamtx finds the paths of a MediaMTX server by its control API and reads them over RTSP.
//
//	/v3/paths/list          every Poll: which paths are ready
//	/v3/config/global/get   every few seconds: where RTSP listens, who may read
//	anonymous DESCRIBE      once for each path that became ready: may anyone read it?
//
// A path is [ingest.Public] when an anonymous DESCRIBE is answered, whatever method of authentication is behind it
// (internal users, HTTP, JWT), and when, with internal users, that right does not hang on the reader's address:
// this process often runs where everything is allowed. The answer is kept as long as the path stays ready, and asked for
// again when the authentication in the server's config changes, after 5 minutes, or after 1 where the server asks somebody else.
//
// Reading is package rtsp's. MediaMTX stamps media with its own clock on arrival, presentation times at that, and tells readers once
// in 10 s: right after a publisher's start that is 80 to 200 ms off between audio and video (measured with ffmpeg
// publishing), so that tracks are aligned by arrival here. With `useAbsoluteTimestamp: yes` on a path MediaMTX
// passes the publisher's own clock on, and that is what counts.
//
// Parameters (Config.Params), all optional:
//
//	api         control API; default http://127.0.0.1:9997
//	rtsp        where RTSP is read, as rtsp://host:port; default: what the API says, at the host of api
//	user, pass  for reading and for the API; never sent with the anonymous DESCRIBE
//	poll        between two questions to the API; default 500ms, 100ms to 1m
//
// and those of package rtsp: timeout, unsupportedTracks, align, fingerprint. Config.Source is a path's name or a full URL.
package mediamtx
