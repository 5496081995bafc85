// Package rtsptest has a real MediaMTX, and publishers of all kinds for it, to test whatever reads RTSP. Only tests import it.
package rtsptest
