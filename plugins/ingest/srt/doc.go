// Package srt reads MPEG-TS over SRT, calling a server or listening for a publisher.
//
//	caller     greet, handshake --.
//	listener   one publisher -----'--> gosrt, latency --> mpegts.Read --> groups --> sink
//
// Source (Config.Source) is srt://host:port, with what follows the ? as others write it. Each key may be a parameter
// (Config.Params) instead, which counts before the one in the URL and stays out of what shows URLs:
//
//	mode          caller: we call host:port, and read what it sends; the default. listener: we listen on host:port for a
//	              publisher; the default where the host is left out, which then is 127.0.0.1. Name 0.0.0.0 or [::] to let
//	              other machines in
//	streamid      as a caller, which stream the server shall send, and as whom: read:cam1 or read:cam1:user:pass at a
//	              MediaMTX. As a listener, the only one that is let in; without it, any. At most 512 bytes; # is %23 in a URL
//	passphrase    encrypts, 10 to 79 bytes; the other side has to have the same one
//	pbkeylen      as a caller, bytes of the key where the server does not say: 16 (default), 24 or 32. A server built on libsrt
//	              that sets none answers 16 alone. As a listener, the publisher's counts
//	latency       what late and repeated packets are waited for, default 120ms, 20ms to 10s; a number alone is milliseconds. The
//	              larger one of both sides counts, and all of it is added to the delay: where the server is next to us, 20ms is enough
//
// Further parameters, as in package mpegts, whose documentation says what is carried and what becomes of trouble:
//
//	timeout             without a byte, after which the source counts as gone, and for which a listener is called or a publisher
//	                    waited for; default 10s, 1s to 5m
//	unsupportedTracks   refuse (default) or drop
//
// As a listener it has one publisher at a time: a second one is refused, and so is one whose streamid or passphrase is another;
// the log says so. When the publisher leaves, Run ends with [ingest.ErrSource], and the node begins anew. As a caller, what a
// server refuses is [ingest.ErrDenied]; MediaMTX gives one reason for everything, and so for a stream that nobody publishes.
//
// SRT carries no wall clock of the source, so there is no [ingest.Measurer] here. streamid and passphrase appear in no error
// and in no log. A sink that blocks blocks the reading: gosrt keeps 1024 packets, and drops what comes then.
package srt
