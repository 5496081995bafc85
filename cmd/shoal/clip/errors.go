package clip

import "errors"

var (
	// ErrUnknown means that no bundled clip has the name asked for. The message
	// lists those there are.
	ErrUnknown = errors.New("no such clip")

	// ErrUnsupported means that the MP4 is readable but has a track that we
	// cannot send, or no track that we can.
	ErrUnsupported = errors.New("unsupported MP4")

	// ErrDisconnected means that the server ended the session or went away while
	// the clip was being published. Publishing again is the way out.
	ErrDisconnected = errors.New("the RTSP server disconnected")
)
